import { describeEngines, expectCovpoolError, expectNoLeak } from '@covpool/testing';
import { getBackend, grad, sum, square, tensor, type Tensor } from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import { doctor } from './doctor.ts';
import { missingKernels } from './needed-kernels.ts';
import { selfCheck } from './self-check.ts';
import { useEngine } from './use-engine.ts';

describeEngines('an engine', (name) => {
  it('is the one that was asked for, with its version', async () => {
    const info = await useEngine(name);
    expect(info.name).toBe(name);
    expect(info.version).toMatch(/^\d+\.\d+/);
    expect(getBackend()).toBe(name.startsWith('tensorflow') ? 'tensorflow' : name);
  });

  it('has gradients', async () => {
    const slope = grad((x: Tensor) => sum(square(x)))(tensor([3]));
    expect([...(await slope.data())]).toEqual([6]);
  });

  it('passes its gradient self-check and leaks nothing in it', async () => {
    const { ok, difference } = await selfCheck();
    expect(difference).toBeLessThan(0.02);
    expect(ok).toBe(true);
    await expectNoLeak(async () => {
      await selfCheck();
    });
  });
});

describe('useEngine', () => {
  it('takes one that works when none is named', async () => {
    const { name, why } = await useEngine();
    expect(getBackend()).toBe(name.startsWith('tensorflow') ? 'tensorflow' : name);
    expect(why).not.toBe('');
  });

  it('refuses unknown names, listing the engines', async () => {
    await expectCovpoolError(() => useEngine('abacus'), 'bad-argument', /unknown engine 'abacus'; known: cpu/);
  });

  it('says why a named engine does not work here, and what to do', async () => {
    await expectCovpoolError(() => useEngine('webgl'), 'unsupported', /engine 'webgl' does not work here: .*; /);
  });
});

describe('doctor', () => {
  it('reports every engine and leaves a working one running', async () => {
    const progress: string[] = [];
    const { chosen, engines } = await doctor((done, total) => progress.push(`${done}/${total}`));
    expect(progress).toEqual(['0/6', '1/6', '2/6', '3/6', '4/6', '5/6']);
    expect(engines.map(({ name }) => name)).toEqual(['tensorflow-gpu', 'webgpu', 'wasm', 'tensorflow', 'webgl', 'cpu']);
    expect(engines.find(({ name }) => name === chosen)?.works).toBe(true);
    for (const report of engines) {
      if (report.works) expect(report.gradientOk).toBe(true);
      else expect(report.remedy).toBeTruthy();
    }
  });

  it('finds that wasm lacks nothing that training needs', async () => {
    await useEngine('wasm');
    expect(missingKernels('wasm')).toEqual([]);
    expect(missingKernels('no such backend').length).toBeGreaterThan(10);
  });
});
