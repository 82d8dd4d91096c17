import { LANE_SUM } from './lane-sum.ts';

/** How a matrix [rows, channels] is cut into blocks, each the work of a group: some neighbouring channels, a chunk of the rows. */
export interface ChannelBlocks {
  rows: number;
  channels: number;
  /** Channels of a block, a power of 2: a thread each, and as many shares of the rows as there are threads left. */
  lanes: number;
  /** Blocks beside each other. */
  across: number;
  /** Blocks below each other, and their rows; the last may have fewer. */
  chunks: number;
  chunkRows: number;
}

export const BLOCK_THREADS = 256;

/** Neighbouring channels that fill a line of a cache. */
const MOST_LANES = 32;

/** Fewer rows than this are not worth a thread. */
const LEAST_ROWS = 16;

/** Groups that fill a device, and chunks whose sums each group of the second dispatch can add up anew. */
const BUSY = 512;
const MOST_CHUNKS = 128;

/** Blocks enough to fill a device, if there are rows enough. */
export function channelBlocks(rows: number, channels: number): ChannelBlocks {
  const lanes = Math.min(MOST_LANES, 2 ** Math.ceil(Math.log2(channels)));
  const across = Math.ceil(channels / lanes);
  const worthwhile = Math.ceil(rows / (LEAST_ROWS * (BLOCK_THREADS / lanes)));
  const wanted = Math.min(MOST_CHUNKS, Math.ceil(BUSY / across), worthwhile);
  const chunkRows = Math.ceil(rows / wanted);
  return { rows, channels, lanes, across, chunks: Math.ceil(rows / chunkRows), chunkRows };
}

/** What `CHANNEL_BLOCKS` asks for. */
export const blockSizes = ({ rows, channels, across, chunks, chunkRows }: ChannelBlocks) => ({
  rows,
  channels,
  across,
  chunks,
  chunkRows,
});

export const blockGroups = ({ across, chunks }: ChannelBlocks): number => across * chunks;

/**
 * WGSL: which block a group has, `laneSum`, and `chunkSum`, the sum over chunks of what `expression` is in each, for the channels of a
 * block. Rows of a thread: `firstRow` to before `endRow`, every `SHARES`th.
 */
export const channelBlockCode = ({ lanes }: ChannelBlocks): string => `
const LANES = ${lanes}u;
const SHARES = THREADS / LANES;
${LANE_SUM}
struct Block { chunk: u32, channel: u32, firstRow: u32, endRow: u32 }
fn blockOf(group: u32, thread: u32) -> Block {
  let chunk = group / sizes.across;
  let channel = (group % sizes.across) * LANES + thread % LANES;
  let start = chunk * sizes.chunkRows;
  // A thread beyond the channels has no rows.
  let end = select(0u, min(start + sizes.chunkRows, sizes.rows), channel < sizes.channels);
  return Block(chunk, channel, start + thread / LANES, end);
}
fn rowsOfChunk(chunk: u32) -> f32 {
  return f32(min(sizes.chunkRows, sizes.rows - chunk * sizes.chunkRows));
}
`;

/** `fn name(block, thread, more: f32) -> f32`: the sum over all chunks of `term`, WGSL that knows `chunk`, `channel` and `more`. */
export const chunkSum = (name: string, term: string): string => `
fn ${name}(block: Block, thread: u32, more: f32) -> f32 {
  let channel = block.channel;
  var part = 0.0;
  if (channel < sizes.channels) {
    for (var chunk = thread / LANES; chunk < sizes.chunks; chunk += SHARES) { part += ${term}; }
  }
  return laneSum(thread, part);
}
`;
