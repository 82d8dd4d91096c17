import { checkMatrix } from './check.ts';
import { pngDataUri } from './png-data-uri.ts';
import { pngOfPicture } from './png-of-picture.ts';
import { escapeMarkup, formatNumber } from './text.ts';
import { fontFamily, ink, muted, paper } from './theme.ts';

export interface HeatmapOptions {
  title: string;
  /** Titles of the axes; columns run to the right, rows down. */
  x: string;
  y: string;
  /** What the colours measure, with its unit. */
  value: string;
  matrix: readonly ArrayLike<number>[];
  /** The longer side of the plot in pixels. */
  size?: number;
}

/** From the most negative over zero to the most positive value; tells apart without red against green. */
const diverging = [
  [14, 72, 130],
  [58, 133, 189],
  [146, 197, 222],
  [247, 247, 245],
  [246, 178, 138],
  [214, 98, 60],
  [138, 24, 35],
] as const;

/**
 * A matrix as coloured cells in an SVG: blue below zero, red above, white at zero, the range symmetric, so that equal strengths look
 * equal. For covariance matrices of any size: the cells are one embedded picture.
 *
 * @throws `bad-argument` for an empty or ragged matrix; `non-finite` for an entry that is no number.
 */
export async function heatmap({ title, x, y, value, matrix, size = 360 }: HeatmapOptions): Promise<string> {
  const columns = checkMatrix('heatmap', matrix);
  const rows = matrix.length;
  let range = 0;
  for (const row of matrix) for (let j = 0; j < columns; j++) range = Math.max(range, Math.abs(row[j]!));

  // Whole pixels per cell keep the edges sharp in viewers that smooth enlarged pictures.
  const zoom = Math.max(1, Math.ceil((2 * size) / Math.max(rows, columns)));
  const data = new Uint8Array(rows * columns * zoom * zoom * 3);
  const stride = columns * zoom * 3;
  matrix.forEach((row, i) => {
    for (let j = 0; j < columns; j++) {
      const colour = divergingColour(range > 0 ? row[j]! / range : 0);
      for (let k = 0; k < zoom; k++) data.set(colour, i * zoom * stride + (j * zoom + k) * 3);
    }
    for (let k = 1; k < zoom; k++) data.copyWithin((i * zoom + k) * stride, i * zoom * stride, (i * zoom + 1) * stride);
  });
  const image = pngDataUri(await pngOfPicture({ width: columns * zoom, height: rows * zoom, data }));

  const unit = size / Math.max(rows, columns);
  const [w, h] = [Math.max(1, columns * unit), Math.max(1, rows * unit)];
  const [left, top] = [64, 60];
  const barTop = top + Math.max(0, (h - 180) / 2);
  const barHeight = Math.min(180, Math.max(h, 60));
  const bar = left + w + 28;
  const total = { width: Math.max(bar + 96, 320), height: top + Math.max(h, barHeight) + 56 };
  const label = (at: number, y: number, text: string, anchor: string): string =>
    `<text x="${at}" y="${y}" text-anchor="${anchor}" fill="${muted}" font-size="11.5">${escapeMarkup(text)}</text>`;
  const stops = diverging.map(
    (colour, i) => `<stop offset="${1 - i / (diverging.length - 1)}" stop-color="rgb(${colour.join(',')})"/>`,
  );
  return `<svg xmlns="http://www.w3.org/2000/svg" role="img" aria-label="${escapeMarkup(title)}" width="${
    total.width
  }" height="${total.height}" viewBox="0 0 ${total.width} ${total.height}" font-family="${escapeMarkup(fontFamily)}">
<rect width="100%" height="100%" fill="${paper}"/>
<defs><linearGradient id="scale" x1="0" y1="0" x2="0" y2="1">${stops.reverse().join('')}</linearGradient></defs>
<text x="20" y="34" fill="${ink}" font-size="16" font-weight="600">${escapeMarkup(title)}</text>
<image x="${left}" y="${top}" width="${w}" height="${h}" preserveAspectRatio="none" image-rendering="pixelated" href="${image}"/>
<rect x="${left - 0.5}" y="${top - 0.5}" width="${w + 1}" height="${h + 1}" fill="none" stroke="#c3cad3"/>
${label(left, top + h + 18, '1', 'start')}
${columns > 1 ? label(left + w, top + h + 18, String(columns), 'end') : ''}
${label(left + w / 2, top + h + 36, x, 'middle')}
${label(left - 8, top + 10, '1', 'end')}
${rows > 1 ? label(left - 8, top + h, String(rows), 'end') : ''}
<text transform="translate(${left - 34} ${
    top + h / 2
  }) rotate(-90)" text-anchor="middle" fill="${muted}" font-size="11.5">${escapeMarkup(y)}</text>
<rect x="${bar}" y="${barTop}" width="12" height="${barHeight}" rx="2" fill="url(#scale)"/>
${label(bar + 20, barTop + 9, formatNumber(range), 'start')}
${label(bar + 20, barTop + barHeight / 2 + 4, '0', 'start')}
${label(bar + 20, barTop + barHeight, formatNumber(-range), 'start')}
${label(bar, barTop - 10, value, 'start')}
</svg>`;
}

/** The colour of a value in −1…1. */
function divergingColour(value: number): number[] {
  const at = ((value + 1) / 2) * (diverging.length - 1);
  const i = Math.min(Math.floor(at), diverging.length - 2);
  const [low, high] = [diverging[i]!, diverging[i + 1]!];
  return low.map((channel, c) => Math.round(channel + (at - i) * (high[c]! - channel)));
}
