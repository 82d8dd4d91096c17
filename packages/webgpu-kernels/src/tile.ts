/**
 * WGSL of a product of matrices, a square tile of the result at a time: 16 steps of the inner length are staged in workgroup
 * memory, and each thread keeps 4×4 sums in registers, so that eight staged numbers serve sixteen multiply-adds.
 */

/** Sides of tiles that there are: 64, or 32 where that fills the device better. */
export type TileSide = 32 | 64;

/** Inner steps staged at once. */
const STEPS = 16;

export const tileThreads = (side: TileSide): number => (side / 4) ** 2;

/** Which index neighbouring threads should step through, so that they read neighbouring numbers. */
export type FastIndex = 'outer' | 'inner';

export interface TileProduct {
  /** The function's name; its bits of workgroup memory are shared by all products of a shader. */
  name: string;
  /** WGSL expressions of the operands' numbers: of the left one at (i, k), of the right one at (k, j), both of `batch`. */
  left: string;
  right: string;
  leftFast: FastIndex;
  rightFast: FastIndex;
}

/** The panels that `tileProduct` stages in: once a shader. */
export const tilePanels = (side: TileSide): string => `
const SIDE = ${side}u;
const QUADS = ${side / 4}u;
const STEPS = ${STEPS}u;
var<workgroup> leftPanel: array<vec4<f32>, ${(STEPS * side) / 4}>;
var<workgroup> rightPanel: array<vec4<f32>, ${(STEPS * side) / 4}>;
`;

/**
 * `fn name(batch, row, column, rows, columns, depth, thread) -> array<vec4<f32>, 4>`: the thread's sums of the tile whose corner
 * is (row, column): rows `row + 4·(thread / QUADS) …`, columns `column + 4·(thread % QUADS) …`. All threads must call it.
 */
export function tileProduct({ name, left, right, leftFast, rightFast }: TileProduct): string {
  const place = (fast: FastIndex): string =>
    fast === 'inner'
      ? 'let k = slot % STEPS; let quad = slot / STEPS;'
      : 'let quad = slot % QUADS; let k = slot / QUADS;';
  return `
fn ${name}Left(batch: u32, i: u32, k: u32) -> f32 { return ${left}; }
fn ${name}Right(batch: u32, k: u32, j: u32) -> f32 { return ${right}; }
fn ${name}(batch: u32, row: u32, column: u32, rows: u32, columns: u32, depth: u32, thread: u32) -> array<vec4<f32>, 4> {
  var sums: array<vec4<f32>, 4>;
  let mine = thread / QUADS;
  let others = thread % QUADS;
  for (var start = 0u; start < depth; start += STEPS) {
    for (var slot = thread; slot < STEPS * QUADS; slot += THREADS) {
      { ${place(leftFast)}
        var numbers = vec4<f32>(0.0);
        let i = row + 4u * quad;
        if (start + k < depth) {
          for (var lane = 0u; lane < 4u; lane++) {
            if (i + lane < rows) { numbers[lane] = ${name}Left(batch, i + lane, start + k); }
          }
        }
        leftPanel[k * QUADS + quad] = numbers; }
      { ${place(rightFast)}
        var numbers = vec4<f32>(0.0);
        let j = column + 4u * quad;
        if (start + k < depth) {
          for (var lane = 0u; lane < 4u; lane++) {
            if (j + lane < columns) { numbers[lane] = ${name}Right(batch, start + k, j + lane); }
          }
        }
        rightPanel[k * QUADS + quad] = numbers; }
    }
    workgroupBarrier();
    for (var k = 0u; k < STEPS; k++) {
      let a = leftPanel[k * QUADS + mine];
      let b = rightPanel[k * QUADS + others];
      sums[0] += a.x * b;
      sums[1] += a.y * b;
      sums[2] += a.z * b;
      sums[3] += a.w * b;
    }
    workgroupBarrier();
  }
  return sums;
}
`;
}
