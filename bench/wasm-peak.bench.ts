// How much of the instruction set's peak the wasm kernels reach, on one core: a loop that multiplies and adds in registers alone,
// then products and convolutions, taking turns in one run; `plain` leaves relaxed SIMD out:
//   node --conditions=@covpool/source --import tsx bench/wasm-peak.bench.ts [plain]
// Prints a table and writes bench/results/wasm-peak.json (wasm-peak-plain.json); `tools/make-performance.ts` makes a section of them.
import '@tensorflow/tfjs-backend-wasm';
import { loadavg } from 'node:os';
import { setFlagsFromString } from 'node:v8';
import { writeFileAtomic } from '@covpool/base/node';
import { seededTensor } from '@covpool/testing';
import { engine, matMul, type NamedAttrMap, setBackend, type Tensor } from '@tensorflow/tfjs-core';
import { registerWasmKernels } from '../packages/wasm-kernels/src/index.ts';
import { resultPath } from './compare/result-path.ts';
import { peakLoop } from './wasm-peak/peak-loop.ts';

interface Case {
  /** A row of the table, and its column. */
  work: string;
  part: string;
  flop: number;
  run(): Tensor;
}

/** Rounds; each takes the best of them, because other programs only ever make a run slower. */
const ROUNDS = 40;
/** Operations of a measurement. */
const MEASURED = 2e8;
/** Operations before the first one, in which the JavaScript around a kernel is compiled, as it is in any training. */
const WARMING = 4e9;

const random = (shape: number[]): Tensor => seededTensor(shape, 'operand');

function products(): Case[] {
  return [128, 256, 512].flatMap((n) => {
    const [a, b] = [random([n, n]), random([n, n])];
    const [many, others] = [random([8, n, n]), random([8, n, n])];
    const flop = 2 * n ** 3;
    return [
      { work: 'product', part: `${n}³`, flop, run: () => matMul(a, b) },
      { work: 'product, left side transposed', part: `${n}³`, flop, run: () => matMul(a, b, true) },
      { work: 'product, right side transposed', part: `${n}³`, flop, run: () => matMul(a, b, false, true) },
      { work: '8 products', part: `${n}³`, flop: 8 * flop, run: () => matMul(many, others) },
    ];
  });
}

function convolutions(): Case[] {
  const shapes = [
    [128, 28],
    [256, 14],
    [512, 7],
  ] as const;
  return shapes.flatMap(([channels, size]) =>
    [1, 3].flatMap((taps) => [1, 2].flatMap((stride) => convolution(channels, size, taps, stride))),
  );
}

function convolution(channels: number, size: number, taps: number, stride: number): Case[] {
  const out = Math.ceil(size / stride);
  const [x, filter] = [random([8, size, size, channels]), random([taps, taps, channels, channels])];
  const dy = random([8, out, out, channels]);
  const padding = taps === 1 ? 0 : 1;
  const pad = [[0, 0], [padding, padding], [padding, padding], [0, 0]]; // prettier-ignore
  const shared = { strides: [stride, stride], pad, dilations: [1, 1], dataFormat: 'NHWC', dimRoundingMode: 'floor' };
  const attributes = { ...shared, inputShape: x.shape, filterShape: filter.shape } as unknown as NamedAttrMap;
  const flop = 2 * taps * taps * channels * dy.size;
  const one = (kernel: string, part: string, inputs: Record<string, Tensor>): Case => ({
    work: `${taps}×${taps} convolution, ${channels} channels at ${size}², stride ${stride}`,
    part,
    flop,
    run: () => engine().runKernel(kernel, inputs, attributes),
  });
  return [
    one('Conv2D', 'forward', { x, filter }),
    one('Conv2DBackpropInput', 'gradient of the input', { dy, filter }),
    one('Conv2DBackpropFilter', 'gradient of the filter', { x, dy }),
  ];
}

/** GFLOP/s of so many operations, by the time on the processor. */
function speed(flop: number, run: () => void, operations = MEASURED): number {
  const times = Math.max(1, Math.round(operations / flop));
  const start = process.cpuUsage();
  for (let i = 0; i < times; i++) run();
  const { user, system } = process.cpuUsage(start);
  return (flop * times) / (user + system) / 1e3;
}

if (process.argv[2] !== 'plain') setFlagsFromString('--experimental-wasm-relaxed-simd');
await setBackend('wasm');
const { relaxedSimd } = await registerWasmKernels();
const peak = peakLoop(relaxedSimd);
const cases = [...products(), ...convolutions()];
const best = cases.map(() => 0);
for (const { flop, run } of cases) speed(flop, () => run().dispose(), WARMING);
let most = 0;
for (let round = 0; round < ROUNDS; round++) {
  most = Math.max(most, speed(peak.flop, peak.run));
  for (const [i, { flop, run }] of cases.entries()) {
    best[i] = Math.max(
      best[i]!,
      speed(flop, () => run().dispose()),
    );
  }
}
const rounded = (value: number): number => Number(value.toFixed(1));
const rows = cases.map(({ work, part }, i) => ({
  work,
  part,
  gflops: rounded(best[i]!),
  share: Number((best[i]! / most).toFixed(2)),
}));
console.log(`peak of ${relaxedSimd ? 'relaxed' : 'plain'} SIMD: ${rounded(most)} GFLOP/s of one core`);
for (const { work, part, gflops, share } of rows) {
  console.log(`${`${Math.round(100 * share)} %`.padStart(5)}  ${gflops}  ${work}: ${part}`);
}
const result = { relaxedSimd, peak: rounded(most), load: rounded(loadavg()[0]!), rows };
await writeFileAtomic(
  resultPath(relaxedSimd ? 'wasm-peak' : 'wasm-peak-plain'),
  `${JSON.stringify(result, null, 2)}\n`,
);
