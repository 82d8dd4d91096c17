import { checkArgument } from '@covpool/base';
import { checkPicture, describePicture, isRight } from './graded-picture.ts';
import type { GradedPicture } from './graded-picture.ts';
import { pngDataUri, pngSize } from './png-data-uri.ts';
import { reportStyle } from './report-style.ts';
import { escapeMarkup, formatNumber, formatPercent } from './text.ts';

export interface ReportTable {
  columns: readonly string[];
  /** Numbers get three significant digits; give a string to choose the digits yourself. Null is a dash. */
  rows: readonly (readonly (string | number | null)[])[];
  caption?: string;
}

export interface ReportImage {
  /** A PNG file, as from `svgToPng`. */
  png: Uint8Array;
  /** What it shows, for those who cannot see it. */
  alt: string;
  caption?: string;
  /** Pixels of the PNG per pixel of the page. */
  scale?: number;
  /** Whether it has a row to itself, as pictures with small words in them need. */
  wide?: boolean;
}

export interface ReportSection {
  heading: string;
  /** Paragraphs, separated by blank lines. */
  text?: string;
  table?: ReportTable;
  /** Several stand side by side where there is room. */
  image?: ReportImage | readonly ReportImage[];
  grid?: readonly GradedPicture[];
}

export interface ReportOptions {
  title: string;
  subtitle?: string;
  sections: readonly ReportSection[];
}

/**
 * One HTML page that stands alone: pictures are inside, and its own policy forbids every request. It follows the reader's light or
 * dark scheme, reflows on a phone, and prints. All texts are escaped.
 *
 * @throws `bad-argument` without a section, for a ragged table, or for a picture that `pictureGrid` would refuse; `bad-input` for an
 * image that is no PNG.
 */
export function htmlReport({ title, subtitle, sections }: ReportOptions): string {
  checkArgument(sections.length > 0, () => 'htmlReport: at least one section is required, got none');
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; img-src data:; style-src 'unsafe-inline'">
<title>${escapeMarkup(title)}</title>
<style>${reportStyle}</style>
</head>
<body>
<main>
<header>
<h1>${escapeMarkup(title)}</h1>
${subtitle ? `<p class="subtitle">${escapeMarkup(subtitle)}</p>` : ''}
</header>
${sections.map(renderSection).join('\n')}
</main>
</body>
</html>
`;
}

function renderSection({ heading, text, table, image, grid }: ReportSection): string {
  const paragraphs = text?.split(/\n\s*\n/).map((paragraph) => `<p>${escapeMarkup(paragraph.trim())}</p>`) ?? [];
  const images = image === undefined ? [] : 'png' in image ? [image] : image;
  return [
    '<section>',
    `<h2>${escapeMarkup(heading)}</h2>`,
    ...paragraphs,
    table ? renderTable(heading, table) : '',
    images.length > 0 ? `<div class="figures">${images.map(renderImage).join('')}</div>` : '',
    grid ? renderGrid(grid) : '',
    '</section>',
  ]
    .filter(Boolean)
    .join('\n');
}

function renderTable(heading: string, { columns, rows, caption }: ReportTable): string {
  rows.forEach((row, i) =>
    checkArgument(
      row.length === columns.length,
      () =>
        `htmlReport: every row of the table '${heading}' needs ${columns.length} cells, got ${row.length} in row ${i}`,
    ),
  );
  const numeric = columns.map(
    (_, c) =>
      rows.some((row) => looksNumeric(row[c]!)) && rows.every((row) => row[c] === null || looksNumeric(row[c]!)),
  );
  const style = (c: number): string => (numeric[c] ? ' class="number"' : '');
  const cell = (value: string | number | null): string =>
    escapeMarkup(value === null ? '–' : typeof value === 'number' ? formatNumber(value) : value);
  const head = columns.map((column, c) => `<th scope="col"${style(c)}>${escapeMarkup(column)}</th>`).join('');
  const body = rows.map((row) => {
    const cells = row.map((value, c) =>
      c === 0 ? `<th scope="row"${style(c)}>${cell(value)}</th>` : `<td${style(c)}>${cell(value)}</td>`,
    );
    return `<tr>${cells.join('')}</tr>`;
  });
  return `<div class="scroll"><table>
${caption ? `<caption>${escapeMarkup(caption)}</caption>` : ''}
<thead><tr>${head}</tr></thead>
<tbody>
${body.join('\n')}
</tbody></table></div>`;
}

/** Numbers, also with a unit, a tolerance or thousands, and the dash of a missing one. */
function looksNumeric(value: string | number | null): boolean {
  return (
    typeof value === 'number' ||
    (value !== null && /^[\s<>≈+−-]*[\d.][\d.,\s±+−-]*[\p{L}%/°]{0,4}$|^[–—-]$/u.test(value))
  );
}

function renderImage({ png, alt, caption, scale = 2, wide = false }: ReportImage): string {
  const { width, height } = pngSize(png);
  const size = `width="${Math.round(width / scale)}" height="${Math.round(height / scale)}"`;
  return `<figure${wide ? ' class="wide"' : ''}><img src="${pngDataUri(png)}" ${size} alt="${escapeMarkup(alt)}">${
    caption ? `<figcaption>${escapeMarkup(caption)}</figcaption>` : ''
  }</figure>`;
}

function renderGrid(pictures: readonly GradedPicture[]): string {
  pictures.forEach((picture, i) => checkPicture('htmlReport', picture, i));
  return `<ul class="grid">\n${pictures.map((picture) => `<li>${renderPicture(picture)}</li>`).join('\n')}\n</ul>`;
}

function renderPicture(picture: GradedPicture): string {
  const right = isRight(picture);
  const verdict = right === undefined ? 'unknown' : right ? 'right' : 'wrong';
  const heading = picture.truth ?? picture.predictions[0]!.label;
  const mark = { unknown: '', right: '<span class="mark">✓</span> ', wrong: '<span class="mark">✗</span> ' }[verdict];
  const note = right === false ? '<small>wrong</small>' : '';
  const lines = picture.predictions.slice(0, 3).map(({ label, probability }) => {
    const name = label === picture.truth ? `<b>${escapeMarkup(label)}</b>` : `<span>${escapeMarkup(label)}</span>`;
    return `<li>${name}<span>${escapeMarkup(formatPercent(probability))}</span><i><i style="width:${(
      probability * 100
    ).toFixed(1)}%"></i></i></li>`;
  });
  return `<figure class="${verdict}"><img src="${pngDataUri(picture.png)}" alt="${escapeMarkup(
    describePicture(picture),
  )}"><figcaption><p>${mark}${escapeMarkup(heading)}${note}</p><ol>${lines.join('')}</ol></figcaption></figure>`;
}
