import { checkArgument } from '@covpool/base';
import { checkFinite } from './check.ts';
import { freePlace, type Place } from './free-place.ts';
import { seriesColours } from './palette.ts';
import type { SeriesColours } from './palette.ts';
import { pngDataUri } from './png-data-uri.ts';
import { pngOfPicture } from './png-of-picture.ts';
import type { RgbPicture } from './png-of-picture.ts';
import { escapeMarkup, formatPercent, textWidth } from './text.ts';
import { fontFamily, ink, paper } from './theme.ts';

/** Something that is, or was found, on a picture. */
export interface MarkedObject {
  label: string;
  /** `[x1, y1, x2, y2]` in the picture's pixels. */
  box: readonly [number, number, number, number];
  /** In 0…1; absent for the truth. */
  score?: number;
  /** A byte of 0 or 1 per pixel of the picture, row by row. */
  mask?: Uint8Array;
}

export interface ObjectPanel {
  heading?: string;
  picture: RgbPicture;
  objects: readonly MarkedObject[];
}

export interface ObjectPanelsOptions {
  panels: readonly ObjectPanel[];
  /** How many panels stand side by side. */
  columns?: number;
  /** A panel's width in units of the drawing; by default the widest picture's, at most 640. */
  width?: number;
  /** By default one for each label, in the order of their names. */
  colours?: SeriesColours;
}

const gap = 12;
const headingHeight = 26;
const fontSize = 11;
/** A narrower box has no room for its score. */
const leastLabelled = 22;

/**
 * Pictures with boxes, labels, scores and masks on them as SVG: boxes with a light halo, so that they show on any ground, masks as a
 * tint with an outline. A label gives way to those of larger boxes. Where all objects have one label, the scores stand alone, and small
 * boxes have no text.
 *
 * ```ts
 * const svg = await objectPanels({ panels: [{ heading: 'found', picture, objects: [{ label: 'WBC', box: [68, 315, 286, 480], score: 0.98 }] }] });
 * await writeFile('found.png', await svgToPng(svg));
 * ```
 *
 * @throws `bad-argument` without a panel, or for a mask of another size than its picture; `non-finite` for a box that is not finite.
 */
export async function objectPanels({ panels, columns = 2, ...options }: ObjectPanelsOptions): Promise<string> {
  checkArgument(panels.length > 0, () => 'objectPanels: at least one panel is required, got none');
  checkArgument(columns >= 1, () => `objectPanels: columns must be at least 1, got ${columns}`);
  const labels = [...new Set(panels.flatMap(({ objects }) => objects.map(({ label }) => label)))].sort();
  const colours = options.colours ?? seriesColours(labels);
  const across = Math.min(columns, panels.length);
  const width = options.width ?? Math.min(640, Math.max(...panels.map(({ picture }) => picture.width)));
  const withHeadings = panels.some(({ heading }) => heading !== undefined);
  const margin = withHeadings || panels.length > 1 ? gap : 0;
  const drawn: string[] = [];
  let top = margin;
  for (let row = 0; row < panels.length; row += across) {
    const members = panels.slice(row, row + across);
    const heights = members.map(({ picture }) => (width * picture.height) / picture.width);
    for (const [i, panel] of members.entries()) {
      const place = `translate(${margin + i * (width + gap)} ${top + (withHeadings ? headingHeight : 0)})`;
      drawn.push(`<g transform="${place}">${await drawPanel(panel, width, labels.length > 1, colours)}</g>`);
    }
    top += Math.max(...heights) + (withHeadings ? headingHeight : 0) + gap;
  }
  const [w, h] = [across * width + (across - 1) * gap + 2 * margin, top - gap + margin];
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${w}" height="${h}" viewBox="0 0 ${w} ${h}" font-family="${escapeMarkup(
    fontFamily,
  )}">
<rect width="100%" height="100%" fill="${paper}"/>
${drawn.join('\n')}
</svg>`;
}

async function drawPanel(
  { heading, picture, objects }: ObjectPanel,
  width: number,
  withNames: boolean,
  colours: SeriesColours,
): Promise<string> {
  const scale = width / picture.width;
  const height = picture.height * scale;
  for (const { box, label } of objects)
    box.forEach((side) => checkFinite('objectPanels', () => `the box of '${label}'`, side));
  const tinted = await pngOfPicture(tint(picture, objects, colours));
  const taken: Place[] = [];
  // Large boxes first, so that small ones stay visible.
  const order = [...objects].sort((a, b) => areaOf(b) - areaOf(a));
  return [
    `<clipPath id="p${picture.width}x${picture.height}"><rect width="${width}" height="${height}"/></clipPath>`,
    heading === undefined
      ? ''
      : `<text y="-9" font-size="13" font-weight="600" fill="${ink}">${escapeMarkup(heading)}</text>`,
    `<image width="${width}" height="${height}" href="${pngDataUri(tinted)}"/>`,
    `<g clip-path="url(#p${picture.width}x${picture.height})">`,
    ...order.map((object) => drawBox(object, scale, colours(object.label))),
    ...order.map((object) => drawLabel(object, scale, { width, height, withNames, taken }, colours(object.label))),
    '</g>',
  ].join('');
}

function areaOf({ box: [x1, y1, x2, y2] }: MarkedObject): number {
  return (x2 - x1) * (y2 - y1);
}

function drawBox({ box, mask }: MarkedObject, scale: number, colour: string): string {
  const [x1, y1, x2, y2] = box.map((side) => side * scale) as [number, number, number, number];
  const rectangle = `x="${round(x1)}" y="${round(y1)}" width="${round(x2 - x1)}" height="${round(
    y2 - y1,
  )}" fill="none"`;
  // The outline of a mask says more than its box, which only frames it.
  if (mask)
    return `<rect ${rectangle} stroke="${colour}" stroke-width="1" stroke-opacity="0.55" stroke-dasharray="3 2"/>`;
  return (
    `<rect ${rectangle} stroke="${paper}" stroke-width="3.6" stroke-opacity="0.65"/>` +
    `<rect ${rectangle} stroke="${colour}" stroke-width="1.8"/>`
  );
}

function drawLabel(
  { box: [x1, y1, x2, y2], label, score }: MarkedObject,
  scale: number,
  { width, height, withNames, taken }: { width: number; height: number; withNames: boolean; taken: Place[] },
  colour: string,
): string {
  const text = [withNames ? label : '', score === undefined ? '' : formatPercent(score)].filter(Boolean).join(' ');
  if (text === '' || (x2 - x1) * scale < leastLabelled) return '';
  const long = textWidth(text, fontSize, true) + 6;
  const high = fontSize + 4;
  const within = (left: number, top: number): Place => ({
    x: Math.max(0, Math.min(left, width - long)),
    y: Math.max(0, Math.min(top, height - high)),
    width: long,
    height: high,
  });
  const [left, right, top, bottom] = [x1 * scale, x2 * scale - long, y1 * scale - high, y2 * scale];
  const place = freePlace(
    [within(left, top), within(right, top), within(left, bottom), within(right, bottom), within(left, top + high)],
    taken,
  );
  taken.push(place);
  const { x, y } = place;
  return (
    `<rect x="${round(x)}" y="${round(y)}" width="${round(
      long,
    )}" height="${high}" fill="${colour}" fill-opacity="0.88"/>` +
    `<text x="${round(x + 3)}" y="${round(
      y + fontSize,
    )}" font-size="${fontSize}" font-weight="600" fill="${paper}">${escapeMarkup(text)}</text>`
  );
}

/** The picture with the masks as a tint of 35 per cent and an opaque outline. */
function tint(picture: RgbPicture, objects: readonly MarkedObject[], colours: SeriesColours): RgbPicture {
  const masked = objects.filter(({ mask }) => mask);
  if (masked.length === 0) return picture;
  const { width, height } = picture;
  const data = Uint8Array.from(picture.data);
  for (const { mask, label } of masked) {
    checkArgument(
      mask!.length === width * height,
      () => `objectPanels: a mask needs ${width * height} values like its picture, got ${mask!.length} for '${label}'`,
    );
    const rgb = [1, 3, 5].map((at) => Number.parseInt(colours(label).slice(at, at + 2), 16));
    for (let at = 0; at < mask!.length; at++) {
      if (!mask![at]) continue;
      const share = isEdge(mask!, at, width) ? 1 : 0.35;
      for (let c = 0; c < 3; c++) data[at * 3 + c] = data[at * 3 + c]! * (1 - share) + rgb[c]! * share;
    }
  }
  return { width, height, data };
}

function isEdge(mask: Uint8Array, at: number, width: number): boolean {
  const x = at % width;
  return !(x > 0 && mask[at - 1] && x < width - 1 && mask[at + 1] && mask[at - width] && mask[at + width]);
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}
