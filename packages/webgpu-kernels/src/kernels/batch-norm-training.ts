import { checkArgument } from '@covpool/base';
import { type TensorInfo, util } from '@tensorflow/tfjs-core';
import {
  BLOCK_THREADS,
  blockGroups,
  type ChannelBlocks,
  channelBlockCode,
  channelBlocks,
  blockSizes,
  chunkSum,
} from '../channel-blocks.ts';
import { dispatch, free, output } from '../program.ts';
import { webgpuKernel } from './registration.ts';

interface Attributes {
  epsilon: number;
}

/**
 * Of each chunk of rows the mean and the sum of squares about it, of numbers less those of the first row: what channels have in
 * common is gone before anything is rounded.
 */
const STATISTICS = `
fn run(group: u32, thread: u32) {
  let block = blockOf(group, thread);
  var shift = 0.0;
  if (block.channel < sizes.channels) { shift = x[block.channel]; }
  var total = 0.0;
  for (var row = block.firstRow; row < block.endRow; row += SHARES) {
    total += x[row * sizes.channels + block.channel] - shift;
  }
  let mean = laneSum(thread, total) / rowsOfChunk(block.chunk);
  var squares = 0.0;
  for (var row = block.firstRow; row < block.endRow; row += SHARES) {
    let centred = (x[row * sizes.channels + block.channel] - shift) - mean;
    squares += centred * centred;
  }
  let spread = laneSum(thread, squares);
  if (thread < LANES && block.channel < sizes.channels) {
    let at = (block.chunk * sizes.channels + block.channel) * 2u;
    parts[at] = mean;
    parts[at + 1u] = spread;
  }
}
`;

/** The statistics of all chunks together (Chan, Golub & LeVeque 1979), by every group for its own channels; then its block of y. */
const NORMALISE = `
${chunkSum('sumOfRows', 'rowsOfChunk(chunk) * parts[(chunk * sizes.channels + channel) * 2u]')}
fn apart(at: u32, mean: f32, count: f32) -> f32 {
  let distance = parts[at] - mean;
  return parts[at + 1u] + count * distance * distance;
}
${chunkSum('sumOfSquares', 'apart((chunk * sizes.channels + channel) * 2u, more, rowsOfChunk(chunk))')}
fn run(group: u32, thread: u32) {
  let block = blockOf(group, thread);
  let count = f32(sizes.rows);
  let shifted = sumOfRows(block, thread, 0.0) / count;
  let spread = sumOfSquares(block, thread, shifted) / count;
  if (block.channel >= sizes.channels) { return; }
  let shift = x[block.channel];
  if (block.chunk == 0u && thread < LANES) {
    mean[block.channel] = shift + shifted;
    variance[block.channel] = spread;
  }
  let factor = scale[block.channel] * inverseSqrt(spread + sizes.epsilon);
  let added = offset[block.channel];
  for (var row = block.firstRow; row < block.endRow; row += SHARES) {
    let at = row * sizes.channels + block.channel;
    y[at] = ((x[at] - shift) - shifted) * factor + added;
  }
}
`;

/** Two dispatches: the statistics of chunks; those of all and y. Reads x three times, the second time mostly from caches. */
export const batchNormTrainingKernel = webgpuKernel<'x' | 'scale' | 'offset', Attributes>(
  'BatchNormTraining',
  (backend, { x, scale, offset }, { epsilon }) => {
    const blocks = blocksOf('batchNormTraining', x, [scale, offset]);
    const { channels, chunks } = blocks;
    const parts = output(backend, [chunks, channels, 2]);
    const shared = { sizes: blockSizes(blocks), groups: blockGroups(blocks) };
    dispatch(backend, program('BatchNormStatistics', blocks, STATISTICS), {
      reads: { x },
      writes: { parts },
      ...shared,
    });
    const [y, mean, variance] = [x.shape, [channels], [channels]].map((shape) => output(backend, shape));
    dispatch(backend, program('BatchNormNormalise', blocks, NORMALISE), {
      reads: { x, scale, offset, parts },
      writes: { y: y!, mean: mean!, variance: variance! },
      scalars: { epsilon },
      ...shared,
    });
    free(backend, parts);
    return [y!, mean!, variance!];
  },
);

/**
 * Of each chunk `Σ dy` and `Σ dy·x̂`; behind them, for a second dispatch that has no room for more buffers, of each channel the mean, the
 * inverse deviation and its product with the scale.
 */
const SUMS = `
fn run(group: u32, thread: u32) {
  let block = blockOf(group, thread);
  var mu = 0.0;
  var inverse = 0.0;
  if (block.channel < sizes.channels) {
    mu = mean[block.channel];
    inverse = inverseSqrt(variance[block.channel] + sizes.epsilon);
  }
  var plain = 0.0;
  var weighted = 0.0;
  for (var row = block.firstRow; row < block.endRow; row += SHARES) {
    let at = row * sizes.channels + block.channel;
    plain += dy[at];
    weighted += dy[at] * (x[at] - mu);
  }
  let plainSum = laneSum(thread, plain);
  let weightedSum = laneSum(thread, weighted) * inverse;
  if (thread < LANES && block.channel < sizes.channels) {
    let at = (block.chunk * sizes.channels + block.channel) * 2u;
    parts[at] = plainSum;
    parts[at + 1u] = weightedSum;
    if (block.chunk == 0u) {
      let own = 2u * sizes.chunks * sizes.channels + 3u * block.channel;
      parts[own] = mu;
      parts[own + 1u] = inverse;
      parts[own + 2u] = inverse * scale[block.channel];
    }
  }
}
`;

/** `dx = scale·inverse·(dy − Σ dy/n − x̂ Σ dy·x̂/n)`. */
const SLOPES = `
${chunkSum('sumOfPart', 'parts[(chunk * sizes.channels + channel) * 2u + u32(more)]')}
fn run(group: u32, thread: u32) {
  let block = blockOf(group, thread);
  let plain = sumOfPart(block, thread, 0.0);
  let weighted = sumOfPart(block, thread, 1.0);
  if (block.channel >= sizes.channels) { return; }
  if (block.chunk == 0u && thread < LANES) {
    dscale[block.channel] = weighted;
    doffset[block.channel] = plain;
  }
  let own = 2u * sizes.chunks * sizes.channels + 3u * block.channel;
  let mu = parts[own];
  let count = f32(sizes.rows);
  let share = plain / count;
  let tilt = weighted / count * parts[own + 1u];
  let factor = parts[own + 2u];
  for (var row = block.firstRow; row < block.endRow; row += SHARES) {
    let at = row * sizes.channels + block.channel;
    dx[at] = factor * (dy[at] - share - (x[at] - mu) * tilt);
  }
}
`;

/** Two dispatches, each of which reads dy and x once. */
export const batchNormTrainingGradKernel = webgpuKernel<'dy' | 'x' | 'scale' | 'mean' | 'variance', Attributes>(
  'BatchNormTrainingGrad',
  (backend, { dy, x, scale, mean, variance }, { epsilon }) => {
    const blocks = blocksOf('batchNormTrainingGrad', x, [scale, mean, variance]);
    const { channels, chunks } = blocks;
    const parts = output(backend, [2 * chunks + 3, channels]);
    const shared = { sizes: blockSizes(blocks), groups: blockGroups(blocks) };
    dispatch(backend, program('BatchNormSums', blocks, SUMS), {
      reads: { dy, x, scale, mean, variance },
      writes: { parts },
      scalars: { epsilon },
      ...shared,
    });
    const [dx, dscale, doffset] = [x.shape, [channels], [channels]].map((shape) => output(backend, shape));
    dispatch(backend, program('BatchNormSlopes', blocks, SLOPES), {
      reads: { dy, x, parts },
      writes: { dx: dx!, dscale: dscale!, doffset: doffset! },
      ...shared,
    });
    free(backend, parts);
    return [dx!, dscale!, doffset!];
  },
);

const program = (label: string, blocks: ChannelBlocks, code: string) => ({
  label,
  threads: BLOCK_THREADS,
  code: channelBlockCode(blocks) + code,
});

function blocksOf(who: string, x: TensorInfo, perChannel: TensorInfo[]): ChannelBlocks {
  const channels = x.shape.at(-1) ?? 1;
  const size = util.sizeFromShape(x.shape);
  checkArgument(
    size > 0 && perChannel.every(({ shape }) => util.sizeFromShape(shape) === channels),
    () => `${who}: x [..., C] that is not empty and one number per channel are required, got x [${x.shape}]`,
  );
  return channelBlocks(size / channels, channels);
}
