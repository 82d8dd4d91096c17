import { silentProgress } from '@covpool/base';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { evaluateClassifier } from './eval-work.ts';
import { shippedModel } from './shipped.ts';

interface Line {
  epoch: number;
  validation: { top1: number };
}

describe('the shipped networks', () => {
  it.each(['gap', 'isqrt', 'dropcov'])('%s is as accurate on the shipped pictures as its log says', async (head) => {
    const folder = shippedModel(head);
    const log = (await readFile(join(folder, 'metrics.jsonl'), 'utf8')).trim().split('\n');
    const { epoch, validation } = JSON.parse(log.at(-1)!) as Line;
    expect(epoch).toBe(15);
    const request = { run: folder, checkpoint: 'last', split: 'val', engine: 'wasm', network: {} } as const;
    const { top1, samples } = await evaluateClassifier(request, {
      progress: silentProgress,
      live: false,
      print: () => {},
    });
    expect(samples).toBe(327);
    // Without relaxed SIMD the last bits differ; a picture on the edge may change sides.
    expect(Math.abs(top1 - validation.top1)).toBeLessThanOrEqual(1.5 / samples);
  });
});
