// Speed of the wasm kernels beside the released ones, GFLOP/s of one core; `plain` leaves relaxed SIMD out:
//   node --conditions=@covpool/source --import tsx bench/wasm-kernels.bench.ts [plain]
import '@tensorflow/tfjs-backend-wasm';
import { setFlagsFromString } from 'node:v8';
import { registerWasmKernels } from '../packages/wasm-kernels/src/index.ts';
import { engine, getKernel, matMul, randomUniform, setBackend } from '@tensorflow/tfjs-core';
import type { NamedAttrMap, Tensor } from '@tensorflow/tfjs-core';

interface Case {
  name: string;
  kernel: string;
  flop: number;
  run(): Tensor;
}

const random = (shape: number[]): Tensor => randomUniform(shape, -1, 1, 'float32', 7);

function products(): Case[] {
  return [
    { name: 'matMul 512³', shape: [512, 512] },
    { name: 'matMul 512³, left transposed', shape: [512, 512], transposed: true },
    { name: 'matMul 16 × 64³', shape: [16, 64, 64] },
  ].map(({ name, shape, transposed }) => {
    const [a, b] = [random(shape), random(shape)];
    const flop = 2 * a.size * shape.at(-1)!;
    return { name, kernel: 'BatchMatMul', flop, run: () => matMul(a, b, transposed) };
  });
}

function convolutions(): Case[] {
  const cases = [
    [16, 16, 32, 1],
    [32, 32, 16, 1],
    [64, 64, 8, 1],
    [3, 16, 64, 2],
    [16, 32, 32, 2],
  ] as const;
  return cases.flatMap(([channels, filters, size, stride]) => {
    const out = size / stride;
    const [x, filter] = [random([16, size, size, channels]), random([3, 3, channels, filters])];
    const dy = random([16, out, out, filters]);
    const shared = { strides: [stride, stride], pad: 'same', dilations: [1, 1], dataFormat: 'NHWC' };
    const attributes: NamedAttrMap = { ...shared, inputShape: x.shape, filterShape: filter.shape };
    const flop = 2 * 9 * channels * dy.size;
    const one = (kernel: string, what: string, inputs: Record<string, Tensor>): Case => ({
      name: `conv 3×3 ${channels}→${filters} at ${size}²×16, stride ${stride}: ${what}`,
      kernel,
      flop,
      run: () => engine().runKernel(kernel, inputs, attributes),
    });
    return [
      one('Conv2D', 'forward', { x, filter }),
      one('Conv2DBackpropInput', 'd input', { dy, filter }),
      one('Conv2DBackpropFilter', 'd filter', { x, dy }),
    ];
  });
}

/** The best of several rounds: other programs on the machine only ever make it slower. */
function speed({ flop, run }: Case): number {
  const times = Math.max(3, Math.round(1e8 / flop));
  let best = Infinity;
  for (let round = 0; round < 8; round++) {
    const start = performance.now();
    for (let i = 0; i < times; i++) run().dispose();
    best = Math.min(best, (performance.now() - start) / times);
  }
  return flop / best / 1e6;
}

if (process.argv[2] !== 'plain') setFlagsFromString('--experimental-wasm-relaxed-simd');
await setBackend('wasm');
const cases = [...products(), ...convolutions()];
const released = cases.map((c) => (getKernel(c.kernel, 'wasm') ? speed(c) : undefined));
const { relaxedSimd } = await registerWasmKernels();
console.log(`| GFLOP/s, one core | released | ours, ${relaxedSimd ? 'relaxed' : 'plain'} | ratio |\n|---|---|---|---|`);
cases.forEach((c, index) => {
  const ours = speed(c);
  const before = released[index];
  const columns = before
    ? `${before.toFixed(1)} | ${ours.toFixed(1)} | ${(ours / before).toFixed(1)}`
    : `— | ${ours.toFixed(1)} | `;
  console.log(`| ${c.name} | ${columns} |`);
});
