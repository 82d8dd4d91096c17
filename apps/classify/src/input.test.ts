import { readFileSync } from 'node:fs';
import { preprocessing } from '@covpool/backbones';
import { Random } from '@covpool/base';
import { createTransform } from '@covpool/datasets';
import { describe, expect, it } from 'vitest';
import { evaluationTransforms, inputRecipe } from './input.ts';

/** Made by tools/make-pil-goldens.py (Pillow 13.0.0): each seventh row and column of what Pillow makes of a pattern. */
interface Golden {
  cases: { width: number; height: number; every: number; data: string }[];
}
const golden = JSON.parse(readFileSync(new URL('goldens/evaluation.json', import.meta.url), 'utf8')) as Golden;

function pattern(width: number, height: number): Uint8Array {
  const data = new Uint8Array(width * height * 3);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      for (let c = 0; c < 3; c++) {
        data[(y * width + x) * 3 + c] = (x * 7 + y * 13 + ((x * y) % 29) * 5 + 80 * c) % 256;
      }
    }
  }
  return data;
}

describe('the pictures of evaluation (spec training 1)', () => {
  it.each(golden.cases)("$width x $height: Pillow's to a level, 0.1 on average", ({ width, height, every, data }) => {
    const transform = createTransform(evaluationTransforms(inputRecipe(preprocessing('resnet50'), 224)));
    const cut = transform({ width, height, data: pattern(width, height) }, new Random('unused'));
    expect([cut.width, cut.height]).toEqual([224, 224]);
    const expected = Buffer.from(data, 'base64');
    const side = 224 / every;
    const differences = Array.from(expected, (level, i) => {
      const [row, rest] = [Math.floor(i / (side * 3)), i % (side * 3)];
      const [column, channel] = [Math.floor(rest / 3), rest % 3];
      return Math.abs(level - cut.data[(row * every * 224 + column * every) * 3 + channel]!);
    });
    expect(differences).toHaveLength(side * side * 3);
    expect(Math.max(...differences)).toBeLessThanOrEqual(1);
    expect(differences.reduce((sum, difference) => sum + difference, 0) / differences.length).toBeLessThanOrEqual(0.1);
  });
});
