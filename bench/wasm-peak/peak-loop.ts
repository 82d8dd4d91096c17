/** Sums that do not wait for each other: more than the latency of an operation times the number of units that do it. */
const SUMS = 14;
const STEPS = 1_000_000;

// Parameters and variables of the function: steps, x, then vectors.
const STEPS_LEFT = 0;
const X = 1;
const A = 2;
const sums = Array.from({ length: SUMS }, (_, i) => A + 1 + i);

const get = (variable: number): number[] => [0x20, variable];
const set = (variable: number): number[] => [0x21, variable];
const ADD = [0xfd, 0xe4, 0x01]; // f32x4.add
const MULTIPLY = [0xfd, 0xe6, 0x01]; // f32x4.mul
const MULTIPLY_ADD = [0xfd, 0x85, 0x02]; // f32x4.relaxed_madd

/** A section of a module, or a body: its length, then its bytes; lengths take two bytes. */
const sized = (bytes: number[]): number[] => [(bytes.length & 0x7f) | 0x80, bytes.length >> 7, ...bytes];

/** (module (func (export "f") (param i32 f32) (result f32) …)) */
function binary(fused: boolean): Uint8Array {
  const step = (sum: number): number[] =>
    fused
      ? [...get(sum), ...get(A), ...get(A), ...MULTIPLY_ADD, ...set(sum)]
      : [...get(sum), ...get(A), ...MULTIPLY, ...get(A), ...ADD, ...set(sum)];
  const body = [
    ...[1, 1 + SUMS, 0x7b], // variables: vectors
    ...[...get(X), 0xfd, 0x13, ...set(A)], // a = x, four times
    ...sums.flatMap((sum, i) => [...get(i === 0 ? A : sum - 1), ...get(A), ...ADD, ...set(sum)]),
    ...[0x03, 0x40], // loop
    ...sums.flatMap(step),
    ...[...get(STEPS_LEFT), 0x41, 1, 0x6b, 0x22, STEPS_LEFT, 0x0d, 0, 0x0b], // steps -= 1; again unless 0; end
    ...get(sums[0]!),
    ...sums.slice(1).flatMap((sum) => [...get(sum), ...ADD]),
    ...[0xfd, 0x1f, 0, 0x0b], // lane 0; end
  ];
  return Uint8Array.from([
    ...[0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00], // magic, version
    ...[0x01, ...sized([1, 0x60, 2, 0x7f, 0x7d, 1, 0x7d])], // a type
    ...[0x03, ...sized([1, 0])], // a function
    ...[0x07, ...sized([1, 1, 0x66, 0, 0])], // its name
    ...[0x0a, ...sized([1, ...sized(body)])],
  ]);
}

/** A loop of multiply-adds `s = s·a + a` in registers alone, with as many operations as it says: what no kernel can beat. */
export function peakLoop(fused: boolean): { flop: number; run: () => void } {
  const { exports } = new WebAssembly.Instance(new WebAssembly.Module(binary(fused) as BufferSource));
  const loop = exports['f'] as (steps: number, x: number) => number;
  return { flop: 2 * 4 * SUMS * STEPS, run: () => void loop(STEPS, 1e-3) };
}
