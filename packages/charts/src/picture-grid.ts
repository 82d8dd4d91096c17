import { checkArgument, checkPositiveWhole } from '@covpool/base';
import { checkPicture, describePicture, isRight } from './graded-picture.ts';
import type { GradedPicture } from './graded-picture.ts';
import { palette } from './palette.ts';
import { pngDataUri } from './png-data-uri.ts';
import { escapeMarkup, formatPercent, shorten } from './text.ts';
import { bad, faint, fontFamily, good, ink, muted, paper } from './theme.ts';

export interface PictureGridOptions {
  title: string;
  pictures: readonly GradedPicture[];
  columns?: number;
}

const side = 144;
const gap = 20;
const shown = 3;

/**
 * Pictures with their true class and the most probable predictions as SVG. The heading is the true class, and so is
 * the bold line below it; a wrong picture has a cross and a dashed frame: it can be told without colours.
 *
 * @throws `bad-argument` without a picture, or for one without a prediction or with a probability outside 0…1.
 */
export function pictureGrid({ title, pictures, columns = 6 }: PictureGridOptions): string {
  checkArgument(pictures.length > 0, () => 'pictureGrid: at least one picture is required, got none');
  checkPositiveWhole('pictureGrid', 'columns', columns);
  pictures.forEach((picture, i) => checkPicture('pictureGrid', picture, i));
  const across = Math.min(columns, pictures.length);
  const rows = Math.ceil(pictures.length / columns);
  const cellHeight = side + 34 + shown * 20 + gap;
  const width = Math.max(40 + across * (side + gap) - gap, 320);
  const height = 56 + rows * cellHeight + 8;
  const cards = pictures.map((picture, i) => {
    const [x, y] = [20 + (i % columns) * (side + gap), 56 + Math.floor(i / columns) * cellHeight];
    return `<g transform="translate(${x} ${y})" role="img" aria-label="${escapeMarkup(
      describePicture(picture),
    )}">${card(picture)}</g>`;
  });
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" font-family="${escapeMarkup(
    fontFamily,
  )}">
<rect width="100%" height="100%" fill="${paper}"/>
<text x="20" y="34" fill="${ink}" font-size="16" font-weight="600">${escapeMarkup(title)}</text>
${cards.join('\n')}
</svg>`;
}

function card(picture: GradedPicture): string {
  const right = isRight(picture);
  const frame = right === false ? `stroke="${bad}" stroke-width="2.5" stroke-dasharray="6 4"` : `stroke="${faint}"`;
  const heading = picture.truth ?? picture.predictions[0]!.label;
  const mark = right === undefined ? '' : right ? '✓ ' : '✗ ';
  const colour = right === undefined ? ink : right ? good : bad;
  return [
    `<image width="${side}" height="${side}" preserveAspectRatio="xMidYMid meet" href="${pngDataUri(picture.png)}"/>`,
    `<rect width="${side}" height="${side}" fill="none" ${frame}/>`,
    `<text y="${side + 20}" font-size="13" font-weight="600" fill="${colour}">${mark}${escapeMarkup(
      shorten(heading, side - 24, 13),
    )}</text>`,
    ...picture.predictions
      .slice(0, shown)
      .map((prediction, i) => bar(prediction, prediction.label === picture.truth, side + 32 + i * 20)),
  ].join('');
}

function bar({ label, probability }: GradedPicture['predictions'][number], isTrue: boolean, y: number): string {
  return [
    `<rect y="${y + 14}" width="${side}" height="3" rx="1.5" fill="${faint}"/>`,
    `<rect y="${y + 14}" width="${(side * probability).toFixed(1)}" height="3" rx="1.5" fill="${palette[0]}"/>`,
    `<text y="${y + 10}" font-size="11" fill="${ink}"${isTrue ? ' font-weight="600"' : ''}>${escapeMarkup(
      shorten(label, side - 40, 11),
    )}</text>`,
    `<text x="${side}" y="${y + 10}" font-size="11" text-anchor="end" fill="${muted}">${escapeMarkup(
      formatPercent(probability),
    )}</text>`,
  ].join('');
}
