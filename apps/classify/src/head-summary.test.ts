import { describe, expect, it } from 'vitest';
import { summariseHeads, summaryTable } from './head-summary.ts';
import type { CompleteRun } from './runs-on-disk.ts';

/** A run with the given validation curve. */
function run(head: string, seed: number, curve: number[], msPerStep = 10): CompleteRun {
  const lines = curve.map((top1) => ({ validation: { top1, meanClassAccuracy: top1, loss: 1 } }));
  const result = {
    parameters: 1234,
    epochs: curve.length,
    msPerStep,
    last: { top1: curve.at(-1), meanClassAccuracy: 0.5 },
  };
  return { head, seed, lines, result } as unknown as CompleteRun;
}

describe('summariseHeads', () => {
  it('counts epochs to the final accuracy of the gap run with the same seed', () => {
    const [gap, isqrt, other] = summariseHeads([
      run('gap', 0, [0.4, 0.7, 0.6]),
      run('isqrt', 0, [0.5, 0.55, 0.8]),
      run('cov', 0, [0.1, 0.2, 0.3]),
    ]);
    expect(gap).toMatchObject({ epochsToBaseline: 2, reached: true, top1: 0.6 });
    expect(isqrt).toMatchObject({ epochsToBaseline: 3, reached: true });
    expect(other).toMatchObject({ epochsToBaseline: 3, reached: false });
  });

  it('averages over seeds, and calls the epochs a lower bound if a seed never arrives', () => {
    const runs = [
      run('gap', 0, [0.4, 0.6]),
      run('isqrt', 0, [0.6, 0.7], 20),
      run('gap', 1, [0.5, 0.8]),
      run('isqrt', 1, [0.6, 0.5], 30),
    ];
    const [gap, isqrt] = summariseHeads(runs);
    expect(gap).toMatchObject({ seeds: 2, top1: 0.7, epochsToBaseline: 2 });
    expect(gap!.top1Deviation).toBeCloseTo(Math.SQRT2 / 10, 12);
    expect(isqrt).toMatchObject({ epochsToBaseline: 1.5, reached: false, msPerStep: 25 });
    expect(summaryTable([gap!, isqrt!])).toEqual({
      header: ['head', 'parameters', 'top-1 %', 'mean class %', "epochs to gap's final", 'ms per step'],
      rows: [
        ['gap', '1,234', '70.0 ± 14.1', '50.0', '2', '10'],
        ['isqrt', '1,234', '60.0 ± 14.1', '50.0', '> 1.5', '25'],
      ],
    });
  });

  it('leaves out the column of epochs for a head alone', () => {
    expect(summaryTable(summariseHeads([run('isqrt', 0, [0.1, 0.7])]))).toEqual({
      header: ['head', 'parameters', 'top-1 %', 'mean class %', 'ms per step'],
      rows: [['isqrt', '1,234', '70.0', '50.0', '10']],
    });
  });

  it('measures against the first head where there is no gap', () => {
    expect(summaryTable(summariseHeads([run('isqrt', 0, [0.1]), run('cov', 0, [0.1])])).header).toContain(
      "epochs to isqrt's final",
    );
  });
});
