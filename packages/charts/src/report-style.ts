import { palette } from './palette.ts';
import { bad, faint, good, ink, muted } from './theme.ts';

/** The look of the report. Charts keep their light paper in the dark scheme, as a picture in a frame. */
export const reportStyle = `
:root { color-scheme: light dark; --page: #f6f7f9; --card: #ffffff; --ink: ${ink}; --muted: ${muted}; --line: ${faint};
  --good: ${good}; --bad: ${bad}; --bar: ${palette[0]}; --stripe: #f8fafb; }
@media (prefers-color-scheme: dark) {
  :root { --page: #12161b; --card: #1a2027; --ink: #e8ecf1; --muted: #a3aebb; --line: #2c343e;
    --good: #4cc9a0; --bad: #ff9a62; --bar: #58aee6; --stripe: #1f262e; }
}
* { box-sizing: border-box; }
body { margin: 0; background: var(--page); color: var(--ink); -webkit-text-size-adjust: 100%;
  font: 16px/1.55 Inter, system-ui, -apple-system, 'Segoe UI', Roboto, 'Helvetica Neue', Arial, sans-serif; }
main { max-width: 1080px; margin: 0 auto; padding: 48px 24px 72px; }
header { margin-bottom: 32px; }
h1 { font-size: clamp(26px, 4vw, 34px); line-height: 1.2; letter-spacing: -0.02em; font-weight: 650; margin: 0; text-wrap: balance; }
h2 { font-size: 19px; line-height: 1.3; letter-spacing: -0.01em; font-weight: 620; margin: 0 0 12px; }
p { margin: 0 0 14px; max-width: 72ch; overflow-wrap: anywhere; }
p.subtitle { max-width: none; color: var(--muted); font-size: 17px; margin: 8px 0 0; }
section { background: var(--card); border: 1px solid var(--line); border-radius: 14px; padding: 24px 28px; margin: 0 0 20px; }
section > :last-child { margin-bottom: 0; }
.scroll { overflow-x: auto; margin: 4px 0 14px; }
table { border-collapse: collapse; width: 100%; font-size: 15px; font-variant-numeric: tabular-nums; }
caption { caption-side: bottom; text-align: left; color: var(--muted); font-size: 14px; padding-top: 10px; }
th, td { text-align: left; padding: 10px 14px; border-bottom: 1px solid var(--line); vertical-align: baseline; }
th:first-child, td:first-child { padding-left: 4px; }
th:last-child, td:last-child { padding-right: 4px; }
thead th { color: var(--muted); font-weight: 500; font-size: 13.5px; line-height: 1.35; vertical-align: bottom; }
tbody th { font-weight: 600; white-space: nowrap; }
tbody tr:last-child > * { border-bottom: 0; }
.number { text-align: right; white-space: nowrap; }
thead .number { white-space: normal; }
figure { margin: 0; }
figcaption { color: var(--muted); font-size: 14px; margin-top: 8px; }
.figures { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 400px), 1fr)); gap: 20px; margin: 4px 0 14px; }
.figures .wide { grid-column: 1 / -1; }
.figures img { display: block; max-width: 100%; height: auto; margin: 0 auto; }
.grid { list-style: none; margin: 4px 0 0; padding: 0; display: grid; gap: 26px 20px;
  grid-template-columns: repeat(auto-fill, minmax(min(42%, 140px), 1fr)); }
.grid img { display: block; width: 100%; aspect-ratio: 1; object-fit: contain; background: var(--stripe); border-radius: 8px;
  outline: 1px solid var(--line); outline-offset: -1px; }
.grid .wrong img { outline: 3px dashed var(--bad); outline-offset: -3px; }
.grid figcaption { color: var(--ink); font-size: 13px; }
.grid p { display: flex; gap: 6px; align-items: baseline; font-size: 14.5px; font-weight: 600; margin: 0 0 4px; }
.grid small { margin-left: auto; font-size: 12px; font-weight: 500; color: var(--muted); }
.right .mark, .right p { color: var(--good); }
.wrong .mark, .wrong p, .grid .wrong small { color: var(--bad); }
.grid ol { list-style: none; margin: 0; padding: 0; }
.grid ol li { display: flex; flex-wrap: wrap; justify-content: space-between; column-gap: 8px; padding-top: 3px; line-height: 1.4; }
.grid ol li > :first-child { overflow: hidden; text-overflow: ellipsis; white-space: nowrap; max-width: calc(100% - 44px); }
.grid ol li > :nth-child(2) { color: var(--muted); font-variant-numeric: tabular-nums; }
.grid ol li > i { display: block; width: 100%; height: 4px; border-radius: 2px; background: var(--line); overflow: hidden; }
.grid ol li > i > i { display: block; height: 100%; background: var(--bar); }
@media (prefers-color-scheme: dark) { .figures img { border-radius: 10px; } }
@media (max-width: 560px) { main { padding: 28px 14px 48px; } section { padding: 18px 16px; border-radius: 12px; } }
@media print {
  :root { color-scheme: light; --page: #ffffff; --card: #ffffff; --ink: ${ink}; --muted: ${muted}; --line: ${faint};
    --good: ${good}; --bad: ${bad}; --bar: ${palette[0]}; --stripe: #ffffff; }
  body { font-size: 11pt; -webkit-print-color-adjust: exact; print-color-adjust: exact; }
  main { max-width: none; padding: 0; }
  section { border: 0; padding: 0; margin: 0 0 22pt; }
  h2, section > p { break-after: avoid; }
  figure, tr { break-inside: avoid; }
  .scroll { overflow: visible; }
  .grid { grid-template-columns: repeat(5, 1fr); gap: 14pt 12pt; }
}
`;
