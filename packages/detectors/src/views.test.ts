import { describeEngines } from '@covpool/testing';
import { tensor4d } from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import { meanOf, mirrorBoxes, mirrorImages, mirrorMaps, viewsOf } from './views.ts';

const across = { across: true, down: false };
const down = { across: false, down: true };
const both = { across: true, down: true };

describeEngines('mirrorImages', () => {
  it('mirrors rows and columns, never pictures or colours', async () => {
    const images = tensor4d([1, 10, 2, 20, 3, 30, 4, 40, 5, 50, 6, 60], [1, 2, 3, 2]);
    const of = async (view: typeof both) => [...(await mirrorImages(images, view).data())];
    expect(await of(across)).toEqual([3, 30, 2, 20, 1, 10, 6, 60, 5, 50, 4, 40]);
    expect(await of(down)).toEqual([4, 40, 5, 50, 6, 60, 1, 10, 2, 20, 3, 30]);
    expect(await of(both)).toEqual([6, 60, 5, 50, 4, 40, 3, 30, 2, 20, 1, 10]);
  });
});

describe('views', () => {
  it('are the picture as it is, then its mirrorings', () => {
    expect(viewsOf('none')).toEqual([{ across: false, down: false }]);
    expect(viewsOf('horizontal')).toEqual([...viewsOf('none'), across]);
    expect(viewsOf('both')).toEqual([...viewsOf('horizontal'), down, both]);
    expect(() => viewsOf('up' as 'both')).toThrow(/test\.flips must be none, horizontal or both, got 'up'/);
  });

  it('mirror boxes within the tensor, and back', () => {
    const boxes = Float32Array.of(1, 2, 4, 8, 0, 0, 10, 20);
    expect([...mirrorBoxes(boxes, [20, 10], across)]).toEqual([6, 2, 9, 8, 0, 0, 10, 20]);
    expect([...mirrorBoxes(boxes, [20, 10], down)]).toEqual([1, 12, 4, 18, 0, 0, 10, 20]);
    // Corners are pixels: the last of 10 columns is column 9.
    expect([...mirrorBoxes(boxes.subarray(0, 4), [20, 10], across, { conventions: 'mmdet1' })]).toEqual([5, 2, 8, 8]);
    for (const view of viewsOf('both')) {
      expect(mirrorBoxes(mirrorBoxes(boxes, [20, 10], view), [20, 10], view)).toEqual(boxes);
    }
  });

  it('mirror maps, each in itself', () => {
    const maps = Float32Array.of(1, 2, 3, 4, 5, 6, 7, 8);
    expect([...mirrorMaps(maps, 2, across)]).toEqual([2, 1, 4, 3, 6, 5, 8, 7]);
    expect([...mirrorMaps(maps, 2, down)]).toEqual([3, 4, 1, 2, 7, 8, 5, 6]);
    expect([...mirrorMaps(maps, 2, both)]).toEqual([4, 3, 2, 1, 8, 7, 6, 5]);
  });

  it('are averaged number by number', () => {
    expect([...meanOf([Float32Array.of(1, 2), Float32Array.of(3, 6)])]).toEqual([2, 4]);
    const only = Float32Array.of(1);
    expect(meanOf([only])).toBe(only);
  });
});
