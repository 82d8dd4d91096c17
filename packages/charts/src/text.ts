/** Advance widths of U+0020…U+007E in Inter, in hundredths of an em. */
const advances = [
  28, 29, 47, 63, 64, 98, 64, 30, 36, 36, 50, 66, 29, 46, 29, 36, 63, 41, 61, 62, 65, 59, 62, 57, 62, 62, 29, 30, 66,
  66, 66, 51, 97, 69, 65, 73, 72, 60, 59, 75, 74, 27, 57, 67, 57, 90, 75, 76, 64, 76, 64, 64, 65, 74, 69, 99, 68, 68,
  63, 36, 36, 36, 47, 46, 32, 56, 61, 57, 61, 58, 37, 61, 59, 24, 24, 55, 24, 88, 59, 60, 61, 61, 38, 53, 33, 59, 56,
  82, 55, 56, 55, 43, 33, 43, 66,
];

/**
 * The width of a text in the charts' font, in pixels; so that the layout is the same in a browser and in Node, where nothing measures
 * text. Ideographs count as one em, other letters beyond ASCII as a typical one.
 */
export function textWidth(text: string, fontSize: number, bold = false): number {
  let hundredths = 0;
  for (const char of text) {
    const code = char.codePointAt(0)!;
    hundredths += advances[code - 32] ?? (code >= 0x2e80 ? 100 : 62);
  }
  return (hundredths / 100) * fontSize * (bold ? 1.03 : 1);
}

/** The text, or as much of its beginning as fits into the width, with an ellipsis. */
export function shorten(text: string, width: number, fontSize: number): string {
  if (textWidth(text, fontSize) <= width) return text;
  const chars = [...text];
  while (chars.length > 0 && textWidth(`${chars.join('')}…`, fontSize) > width) chars.pop();
  return `${chars.join('').trimEnd()}…`;
}

/** Text for use between tags or in a quoted attribute of HTML and XML; characters that XML forbids become a replacement sign. */
export function escapeMarkup(text: string): string {
  const entities: Record<string, string> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' };
  return dropForbidden(text).replace(/[&<>"']/g, (char) => entities[char]!);
}

/** Replaces what no XML document may hold: control characters and halves of surrogate pairs. */
export function dropForbidden(text: string): string {
  // oxlint-disable-next-line no-control-regex
  return text.replace(/[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]|\p{Surrogate}/gu, '?');
}

/** A number as people read it: about three significant digits, thousands and more by their letter (1.25M). */
export function formatNumber(value: number): string {
  const size = Math.abs(value);
  if (!Number.isFinite(value)) return '–';
  if (Number.isInteger(value) && size < 10_000) return minus(String(value));
  const [divisor, letter] = size >= 1e9 ? [1e9, 'G'] : size >= 1e6 ? [1e6, 'M'] : size >= 1e4 ? [1e3, 'k'] : [1, ''];
  const scaled = value / divisor;
  const rounded = Math.abs(scaled) >= 100 ? scaled.toFixed(0) : scaled.toPrecision(3);
  return minus(rounded.replace(/(\.\d*?)0+$/, '$1').replace(/\.$/, '')) + letter;
}

/** Writes numbers of one kind with the same number of decimals: three significant digits of the largest, none if all are whole. */
export function formatAlike(values: readonly number[]): (value: number) => string {
  const largest = values.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
  if (largest >= 10_000 || largest === 0 || values.every(Number.isInteger)) return formatNumber;
  const decimals = Math.max(0, 2 - Math.floor(Math.log10(largest)));
  return decimals > 6 ? formatNumber : (value) => minus(value.toFixed(decimals));
}

/** A share as percent, without a fraction that says nothing. */
export function formatPercent(share: number): string {
  if (!Number.isFinite(share)) return '–';
  const percent = share * 100;
  return percent > 0 && percent < 1 ? '<1%' : `${Math.round(percent)}%`;
}

function minus(digits: string): string {
  return digits.replace('-', '−');
}
