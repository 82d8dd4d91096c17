import './against-cpu.fixture.ts';
import { expectCovpoolError } from '@covpool/testing';
import '@tensorflow/tfjs-layers'; // registers the gradients
import {
  conv2d,
  getBackend,
  getKernel,
  matMul,
  memory,
  reshape,
  setBackend,
  sum,
  tensor,
  tidy,
  truncatedNormal,
  valueAndGrads,
} from '@tensorflow/tfjs-core';
import type { Scalar, Tensor, Tensor4D } from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it, vi } from 'vitest';
import { loadBinary } from './binary-from-source.ts';
import { registerWasmKernels, wasmPrimitives } from './index.ts';
import { instantiator } from './instantiate.ts';
import { hasRelaxedSimd } from './relaxed-simd.ts';

describe('registerWasmKernels', () => {
  it('is needed before its primitives', () =>
    expectCovpoolError(wasmPrimitives, 'unsupported', /setBackend\('wasm'\)/));

  it('registers without a warning, once', async () => {
    await setBackend('wasm');
    const warn = vi.spyOn(console, 'warn');
    const first = await registerWasmKernels();
    const kernel = getKernel('Conv2D', 'wasm');
    expect(await registerWasmKernels()).toBe(first);
    expect(getKernel('Conv2D', 'wasm')).toBe(kernel);
    expect(warn).not.toHaveBeenCalled();
    expect(first.relaxedSimd).toBe(hasRelaxedSimd());
    for (const name of first.kernels) expect(getKernel(name, 'wasm')).toBeDefined();
    expect(first.kernels).toEqual(
      expect.arrayContaining([
        'BatchMatMul',
        'BatchNormInference',
        'BatchNormTraining',
        'Conv2D',
        'Conv2DBackpropFilter',
      ]),
    );
  });

  it('finds relaxed SIMD where the flag or the version gives it', () => expect(hasRelaxedSimd()).toBe(true));
});

describe('wasmPrimitives', () => {
  beforeAll(async () => {
    await setBackend('wasm');
    await registerWasmKernels();
  });

  it('multiplies at addresses, adding where asked, with rows further apart than they are long', async () => {
    const { address, gemm } = wasmPrimitives();
    const a = tensor([1, 2, 3, 4], [2, 2]);
    const c = tensor([100, 100, 7, 100, 100, 7], [2, 3]);
    gemm(address(a), address(a), address(c), 2, 2, 2, { transposeB: true, accumulate: true, ldc: 3 });
    expect(Array.from(await c.data())).toEqual([105, 111, 7, 111, 125, 7]);
  });

  it('keeps the heap as large as it was', () => {
    const { backend, scratch } = wasmPrimitives();
    const heap = (): number => (backend.wasm as unknown as { HEAPU8: Uint8Array }).HEAPU8.length;
    const step = (size: number): void =>
      tidy(() => {
        const x = truncatedNormal([2, size, size, 8]);
        const filter = truncatedNormal([3, 3, 8, 8]);
        const loss = (a: Tensor, b: Tensor): Scalar => {
          const y = reshape(conv2d(a as Tensor4D, b as Tensor4D, 1, 'same'), [-1, 8]);
          return sum(matMul(y, reshape(b, [8, -1])));
        };
        valueAndGrads(loss as (...tensors: Tensor[]) => Scalar)([x, filter]);
      });
    for (let i = 0; i < 3; i++) step(32);
    const [bytes, tensors, area] = [heap(), memory().numTensors, scratch(1)];
    for (let i = 0; i < 200; i++) step(8 + (i % 24));
    expect([heap(), memory().numTensors, scratch(1)]).toEqual([bytes, tensors, area]);
    expect(getBackend()).toBe('wasm');
  });
});

describe.each(['relaxed', 'plain'] as const)('the %s binary', (kind) => {
  it('brings no data, no memory and no start of its own', async () => {
    const bytes = await loadBinary(kind);
    const sections: number[] = [];
    for (let at = 8; at < bytes.length; ) {
      sections.push(bytes[at++]!);
      let size = 0;
      for (let shift = 0; ; shift += 7) {
        const byte = bytes[at++]!;
        size |= (byte & 127) << shift;
        if (byte < 128) break;
      }
      at += size;
    }
    for (const section of [5, 8, 11]) expect(sections).not.toContain(section); // memory, start, data
    const module = await WebAssembly.compile(new Uint8Array(bytes));
    expect(WebAssembly.Module.imports(module)).toEqual([{ module: 'env', name: 'memory', kind: 'memory' }]);
  });

  it('runs on the shared memory of the threaded backend, too', async () => {
    const instantiate = instantiator(await loadBinary(kind));
    for (const shared of [true, false]) {
      const { gemm, gemmScratch } = instantiate(new WebAssembly.Memory({ initial: 16, maximum: 32768, shared }));
      expect(gemmScratch()).toBeGreaterThan(0);
      expect(() => gemm(1024, 1024, 2048, 3, 3, 3, 3, 3, 3, 0, 0, 0, 4096)).not.toThrow();
    }
  });
});
