import { checkArgument } from '@covpool/base';
import { util } from '@tensorflow/tfjs-core';
import { elementwise } from '../elementwise.ts';
import { free, output, upload } from '../program.ts';
import { type Links, linksOfBins, linksOfPositions, type RoiTaps } from '../roi-taps.ts';
import { webgpuKernel } from './registration.ts';

interface Attributes {
  taps: RoiTaps;
}

/** A thread has up to four channels, `quads` apart, for which it walks through the links once; those beyond the last are not stored. */
const CHANNELS = `
fn channelsOf(quad: u32) -> vec4<u32> { return quad + vec4<u32>(0u, 1u, 2u, 3u) * sizes.quads; }
fn inRange(channels: vec4<u32>) -> vec4<u32> { return min(channels, vec4<u32>(sizes.channels - 1u)); }`;

const LINKS = `${CHANNELS}
fn firstLink(thing: u32) -> u32 { return u32(table[sizes.startsAt + thing]); }
fn linkedTo(link: u32) -> u32 { return u32(table[sizes.targetsAt + link]); }`;

/** `numbers[at + channel]` of the thread's channels. */
const fourOf = (numbers: string): string =>
  `vec4<f32>(${['x', 'y', 'z', 'w'].map((lane) => `${numbers}[at + own.${lane}]`).join(', ')})`;

const storeFour = (numbers: string): string => `
      for (var lane = 0u; lane < 4u; lane++) {
        if (four[lane] < sizes.channels) { ${numbers}[index / sizes.quads * sizes.channels + four[lane]] = sum[lane]; }
      }`;

/** The whole numbers in one table: what is given in front, the starts, the targets. */
function tableOf(front: Int32Array, { starts, targets }: Links): { table: Int32Array; sizes: Record<string, number> } {
  const [startsAt, targetsAt] = [front.length, front.length + starts.length];
  const table = new Int32Array(targetsAt + targets.length);
  table.set(front);
  table.set(starts, startsAt);
  table.set(targets, targetsAt);
  return { table, sizes: { startsAt, targetsAt } };
}

const quadsOf = (channels: number): number => Math.ceil(channels / 4);

/** One dispatch, a thread for each bin and four channels: a multiply-add for each tap. */
export const roiAlignKernel = webgpuKernel<'features', Attributes>('CovpoolRoiAlign', (backend, inputs, { taps }) => {
  const { features } = inputs;
  const { shape, size, pictures } = taps;
  checkShape('roiAlign', features.shape, shape);
  const [boxes, channels, quads] = [pictures.length, shape[3], quadsOf(shape[3])];
  const links = linksOfBins(taps);
  const { table: numbers, sizes } = tableOf(new Int32Array(0), links);
  const [table, weights] = [upload(backend, numbers), upload(backend, links.weights)];
  const pooled = output(backend, [boxes, ...size, channels]);
  elementwise(backend, {
    label: 'RoiAlign',
    reads: { features, weights },
    tables: { table },
    writes: { pooled },
    sizes: { boxes, down: size[0], across: size[1], width: shape[2], channels, quads, ...sizes },
    count: boxes * size[0] * size[1] * quads,
    functions: LINKS,
    body: `
      let four = channelsOf(index % sizes.quads);
      let own = inRange(four);
      let bin = index / sizes.quads;
      let row = bin / sizes.across;
      let column = sizes.boxes * sizes.down + (row / sizes.down) * sizes.across + bin % sizes.across;
      var sum = vec4<f32>(0.0);
      for (var v = firstLink(row); v < firstLink(row + 1u); v++) {
        let line = linkedTo(v) * sizes.width;
        for (var u = firstLink(column); u < firstLink(column + 1u); u++) {
          let at = (line + linkedTo(u)) * sizes.channels;
          sum += weights[v] * weights[u] * ${fourOf('features')};
        }
      }
      ${storeFour('pooled')}`,
  });
  free(backend, table, weights);
  return [pooled];
});

/**
 * One dispatch, a thread for each position and four channels, which gathers from the bins that were made of it, in the order of the boxes: no
 * two threads add to one number, and a run repeated agrees in every bit. Of the boxes that touch its line it looks at the extents; a
 * multiply-add for each tap, as in the forward pass.
 */
export const roiAlignGradientKernel = webgpuKernel<'dy', Attributes>(
  'CovpoolRoiAlignGradient',
  (backend, { dy }, { taps }) => {
    const { shape, size, pictures } = taps;
    const [boxes, channels, quads] = [pictures.length, shape[3], quadsOf(shape[3])];
    checkShape('roiAlignGradient', dy.shape, [boxes, ...size, channels]);
    const links = linksOfPositions(taps, linksOfBins(taps));
    const { table: numbers, sizes } = tableOf(links.spans, links);
    const [table, weights] = [upload(backend, numbers), upload(backend, links.weights)];
    const dx = output(backend, [...shape]);
    // Of no box there is no number, and a buffer of none cannot be read.
    const slopes = boxes > 0 ? dy : weights;
    elementwise(backend, {
      label: 'RoiAlignGradient',
      reads: { slopes, weights },
      tables: { table },
      writes: { dx },
      sizes: { boxes, down: size[0], across: size[1], width: shape[2], channels, quads, ...sizes },
      count: shape[0] * shape[1] * shape[2] * quads,
      functions: LINKS,
      body: `
      let four = channelsOf(index % sizes.quads);
      let own = inRange(four);
      let x = (index / sizes.quads) % sizes.width;
      let line = index / sizes.quads / sizes.width;
      var sum = vec4<f32>(0.0);
      for (var v = firstLink(line); v < firstLink(line + 1u); v++) {
        let row = linkedTo(v);
        let box = row / sizes.down;
        let low = u32(table[3u * box]);
        if (x < low || x - low >= u32(table[3u * box + 1u])) { continue; }
        let column = u32(table[3u * box + 2u]) + x - low;
        let before = sizes.boxes * sizes.down + box * sizes.across;
        for (var u = firstLink(column); u < firstLink(column + 1u); u++) {
          let at = (row * sizes.across + linkedTo(u) - before) * sizes.channels;
          sum += weights[v] * weights[u] * ${fourOf('slopes')};
        }
      }
      ${storeFour('dx')}`,
    });
    free(backend, table, weights);
    return [dx];
  },
);

function checkShape(who: string, shape: readonly number[], wanted: readonly number[]): void {
  checkArgument(
    util.arraysEqual([...shape], [...wanted]),
    () => `${who}: a tensor [${wanted}] is required, as the taps say, got [${shape}]`,
  );
}
