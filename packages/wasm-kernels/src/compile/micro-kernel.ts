/**
 * Rows of the register tile. V8 loads all operands of a step before it uses them; eight sums, two vectors of B and four
 * numbers of A fit the sixteen vector registers of x64, while six rows spill sums and run at half the speed.
 */
const TILE_ROWS = 4;

const range = (length: number): number[] => Array.from({ length }, (_, index) => index);
const lines = (rows: number, line: (row: number) => string): string => range(rows).map(line).join('\n');
const sums = (rows: number, line: (sum: string, row: number, half: number) => string): string =>
  lines(rows, (row) => [0, 1].map((half) => line(`s${row}${half}`, row, half)).join('\n'));

/** One step of the product: the 8 numbers `by` bytes after b times one number of each row of A. */
function step(rows: number, fused: boolean, a: (row: number) => string, b: string, by = 0): string {
  const add = (sum: string, times: string): string =>
    fused ? `f32x4.relaxed_madd(v, ${times}, ${sum})` : `f32x4.add(${sum}, f32x4.mul(v, ${times}))`;
  return `const b0 = v128.load(${b}, ${by}); const b1 = v128.load(${b}, ${by + 16});
${lines(
  rows,
  (row) =>
    `{ const v = v128.load32_splat(${a(row)}); s${row}0 = ${add(`s${row}0`, 'b0')}; s${row}1 = ${add(
      `s${row}1`,
      'b1',
    )}; }`,
)}`;
}

/** Steps in one turn of a loop. */
const TURN = 3;

/**
 * A loop of so many steps over panels, 32 bytes further on at each. A turn is three steps with a way out after each of them, which ends
 * a basic block: at the head of one V8 gathers its loads. On Node 20 and 22 three steps gain a tenth over one, more of them less, and two
 * without a way out between them take 1.1 to 1.9 times as long as one by one. `step` takes an address in A, one in B, and what to add to
 * the latter.
 */
function panelLoop(step: (a: string, b: string, by: number) => string, a: string, b: string, length: string): string {
  const turn = range(TURN).map(
    (i) => `{ const a = from + ${32 * i}; ${step('a', 'by', 32 * i)} }
if (by == last${i}) break;`,
  );
  return `if (${length} > 0) {
  let from = ${a};
  let by = ${b};
  const end = by + (<usize>${length} << 5);
  ${range(TURN)
    .map((i) => `const last${i} = end - ${32 * (i + 1)};`)
    .join('\n')}
  while (true) {
    ${turn.join('\n')}
    from += ${32 * TURN};
    by += ${32 * TURN};
  }
}`;
}

/** `step` with the numbers of A beside each other. */
const panelStep =
  (fused: boolean) =>
  (a: string, b: string, by: number): string =>
    step(TILE_ROWS, fused, (row) => `${a}, ${4 * row}`, b, by);

/**
 * `rowKernel<rows>`: rows×8 sums over runs of contiguous numbers. Row r starts at the address in aTable[r]; `runs` holds
 * each run's byte offset and its length; B is a packed panel, 8 columns wide. The sums go to cTable[r] + column.
 */
function rowKernel(rows: number, fused: boolean): string {
  return `
export function rowKernel${rows}(aTable: usize, cTable: usize, column: usize, runs: usize, runCount: i32, b: usize, accumulate: i32): void {
${sums(rows, (sum) => `let ${sum} = f32x4.splat(0);`)}
for (let run = 0; run < runCount; ++run, runs += 8) {
  const offset = load<usize>(runs);
  ${lines(rows, (row) => `let a${row} = load<usize>(aTable, ${4 * row}) + offset;`)}
  const end = b + (load<usize>(runs, 4) << 5);
  while (b < end) {
    ${step(rows, fused, (row) => `a${row}`, 'b')}
    ${lines(rows, (row) => `a${row} += 4;`)}
    b += 32;
  }
}
${lines(rows, (row) => `const c${row} = load<usize>(cTable, ${4 * row}) + column;`)}
if (accumulate) {
${sums(rows, (sum, row, half) => `${sum} = f32x4.add(${sum}, v128.load(c${row}, ${16 * half}));`)}
}
${sums(rows, (sum, row, half) => `v128.store(c${row}, ${sum}, ${16 * half});`)}
}`;
}

/**
 * `stripKernel`: TILE_ROWS rows of `A B (+ C)`, both sides in panels: at each step 4 neighbouring numbers at `a` meet 8 at `b`, 32
 * bytes further on each; panels of B begin `bStep` bytes apart. Row r goes to cTable[r] + column. Where C is added it is touched
 * ahead, so that it has come by when the sums are there. Rows are stored from the last to the first, so that rows which C does
 * not have may share the first one's address.
 */
function stripKernel(fused: boolean): string {
  return `
export function stripKernel(a: usize, b: usize, bStep: usize, panels: i32, depth: i32, accumulate: i32, cTable: usize, column: usize): void {
${lines(TILE_ROWS, (row) => `let c${row} = load<usize>(cTable, ${4 * row}) + column;`)}
for (; panels > 0; --panels) {
  ${sums(TILE_ROWS, (sum) => `let ${sum} = f32x4.splat(0);`)}
  if (accumulate) {
  ${lines(TILE_ROWS, (row) => `v128.load(c${row});`)}
  }
  ${panelLoop(panelStep(fused), 'a', 'b', 'depth')}
  if (accumulate) {
  ${sums(TILE_ROWS, (sum, row, half) => `${sum} = f32x4.add(${sum}, v128.load(c${row}, ${16 * half}));`)}
  }
  ${range(TILE_ROWS)
    .reverse()
    .flatMap((row) => [0, 1].map((half) => `v128.store(c${row}, s${row}${half}, ${16 * half});`))
    .join('\n')}
  ${lines(TILE_ROWS, (row) => `c${row} += 32;`)}
  b += bStep;
}
}`;
}

/** Stores the 4×4 numbers in lanes of `half` of the sums as columns: row j of the mirror image begins at `mirror + j * mirrorStep`. */
function mirrored(half: number): string {
  const [a, b, c, d] = range(TILE_ROWS).map((row) => `s${row}${half}`);
  const column = 4 * half;
  return `{
  const p = v128.shuffle<f32>(${a}, ${b}, 0, 4, 1, 5);
  const q = v128.shuffle<f32>(${c}, ${d}, 0, 4, 1, 5);
  const r = v128.shuffle<f32>(${a}, ${b}, 2, 6, 3, 7);
  const s = v128.shuffle<f32>(${c}, ${d}, 2, 6, 3, 7);
  v128.store(mirror + ${column} * mirrorStep, v128.shuffle<f64>(p, q, 0, 2));
  v128.store(mirror + ${column + 1} * mirrorStep, v128.shuffle<f64>(p, q, 1, 3));
  v128.store(mirror + ${column + 2} * mirrorStep, v128.shuffle<f64>(r, s, 0, 2));
  v128.store(mirror + ${column + 3} * mirrorStep, v128.shuffle<f64>(r, s, 1, 3));
}`;
}

/**
 * `panelKernel`: TILE_ROWS×8 numbers of `scale · (A B + A′ B′)`, all four in panels: at each step 4 neighbouring numbers at `a` meet 8
 * at `b`, 32 bytes further on each. A length of 0 leaves the second product out. Stored at `c`, and, unless `mirror` is 0,
 * transposed there.
 */
function panelKernel(fused: boolean): string {
  return `
export function panelKernel(a1: usize, b1: usize, length1: i32, a2: usize, b2: usize, length2: i32, scale: f32, accumulate: i32, c: usize, cStep: usize, mirror: usize, mirrorStep: usize): void {
${sums(TILE_ROWS, (sum) => `let ${sum} = f32x4.splat(0);`)}
${panelLoop(panelStep(fused), 'a1', 'b1', 'length1')}
${panelLoop(panelStep(fused), 'a2', 'b2', 'length2')}
const factor = f32x4.splat(scale);
${sums(TILE_ROWS, (sum) => `${sum} = f32x4.mul(${sum}, factor);`)}
if (accumulate) {
${sums(TILE_ROWS, (sum, row, half) => `${sum} = f32x4.add(${sum}, v128.load(c + ${row} * cStep, ${16 * half}));`)}
}
${sums(TILE_ROWS, (sum, row, half) => `v128.store(c + ${row} * cStep, ${sum}, ${16 * half});`)}
if (mirror) {
${mirrored(0)}
${mirrored(1)}
}
}`;
}

/**
 * `panelKernel64`: 4×4 numbers of `A B + A′ B′` in float64, all four in panels of 4 columns: 32 bytes further on at each step.
 * Stored at `c`, and, unless `mirror` is 0, transposed there, rows 32 bytes apart.
 */
function panelKernel64(): string {
  const step = (a: string, b: string, by: number): string =>
    `const b0 = v128.load(${b}, ${by}); const b1 = v128.load(${b}, ${by + 16});
${lines(
  TILE_ROWS,
  (row) =>
    `{ const v = v128.load64_splat(${a}, ${8 * row}); ${[0, 1]
      .map((half) => `s${row}${half} = multiplyAdd64(v, b${half}, s${row}${half});`)
      .join(' ')} }`,
)}`;
  const pair = (row: number, half: number, lane: number): string =>
    `v128.shuffle<f64>(s${row}${half}, s${row + 1}${half}, ${lane}, ${lane + 2})`;
  return `
export function panelKernel64(a1: usize, b1: usize, length1: i32, a2: usize, b2: usize, length2: i32, c: usize, mirror: usize): void {
${sums(TILE_ROWS, (sum) => `let ${sum} = f64x2.splat(0);`)}
${panelLoop(step, 'a1', 'b1', 'length1')}
${panelLoop(step, 'a2', 'b2', 'length2')}
${sums(TILE_ROWS, (sum, row, half) => `v128.store(c, ${sum}, ${32 * row + 16 * half});`)}
if (mirror) {
${lines(TILE_ROWS, (column) =>
  [0, 2]
    .map((row) => `v128.store(mirror, ${pair(row, column >> 1, column & 1)}, ${32 * column + 8 * row});`)
    .join('\n'),
)}
}
}`;
}

/** `multiplyAdd64`: x·y + z of two float64 numbers each. */
function pairStep(fused: boolean): string {
  const value = fused ? 'f64x2.relaxed_madd(x, y, z)' : 'f64x2.add(z, f64x2.mul(x, y))';
  return `
@inline
export function multiplyAdd64(x: v128, y: v128, z: v128): v128 {
  return ${value};
}`;
}

/** The inner loops in AssemblyScript; `fused` takes relaxed SIMD's multiply-add, else multiply, then add. */
export function microKernelSource(fused: boolean): string {
  const kernels = [1, 2, TILE_ROWS].map((rows) => rowKernel(rows, fused));
  return [
    `export const TILE_ROWS: i32 = ${TILE_ROWS};`,
    `export const FUSED: bool = ${fused};`,
    ...kernels,
    stripKernel(fused),
    panelKernel(fused),
    pairStep(fused),
    panelKernel64(),
  ].join('\n');
}
