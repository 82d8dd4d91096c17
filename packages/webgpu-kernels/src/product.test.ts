import { expectClose, flatten, seededValues, times, toMatrix } from '@covpool/testing';
import { backend, engine, tensor, type TensorInfo } from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import { describeWebgpu } from './on-webgpu.fixture.ts';
import { type Product, product } from './product.ts';
import { dispatch, output } from './program.ts';
import type { TileSide } from './tile.ts';
import type { RecordingBackend } from './webgpu-backend.ts';

const recording = (): RecordingBackend => backend() as unknown as RecordingBackend;
const read = (info: TensorInfo) => engine().makeTensorFromTensorInfo(info).data();

function plain(m: number, k: number, n: number, side: TileSide, more: Partial<Product> = {}) {
  const [a, b] = [seededValues(2 * m * k, 'a'), seededValues(2 * k * n, 'b')];
  const c = output(recording(), [2, m, n]);
  product(recording(), {
    label: 'Product',
    reads: { a: tensor(a, [2, m, k]), b: tensor(b, [2, k, n]) },
    writes: { c },
    batch: 2,
    rows: m,
    columns: n,
    depth: k,
    left: 'a[(batch * sizes.rows + i) * sizes.depth + k]',
    right: 'b[(batch * sizes.depth + k) * sizes.columns + j]',
    store: 'c[(batch * sizes.rows + i) * sizes.columns + j] = value;',
    side,
    ...more,
  });
  const part = (values: number[], index: number, columns: number) =>
    toMatrix(values.slice((index * values.length) / 2, ((index + 1) * values.length) / 2), columns);
  return { c, expected: [0, 1].flatMap((at) => flatten(times(part(a, at, k), part(b, at, n)))) };
}

describeWebgpu('product of matrices in WGSL', () => {
  describe('values', () => {
    it.each([32, 64] as const)('with tiles of %i, full, partial, several', async (side) => {
      for (const [m, k, n] of [
        [side, 16, side],
        [3, 5, 2],
        [70, 33, 35],
      ] as const) {
        const { c, expected } = plain(m, k, n, side);
        await expectClose(await read(c), expected);
      }
    });

    it.each(['inner', 'outer'] as const)('whichever index neighbouring threads read along: %s', async (fast) => {
      const { c, expected } = plain(40, 20, 37, 32, { leftFast: fast, rightFast: fast });
      await expectClose(await read(c), expected);
    });

    it('more groups than one dimension of a dispatch has', async () => {
      const groups = 66_000;
      const y = output(recording(), [groups]);
      dispatch(
        recording(),
        {
          label: 'Count',
          threads: 1,
          code: 'fn run(group: u32, thread: u32) { y[group] = sizes.unit * f32(group % 7u + thread); }',
        },
        { reads: {}, writes: { y }, scalars: { unit: 0.5 }, groups },
      );
      const values = await read(y);
      expect([values[6], values[65_999]]).toEqual([3, (65_999 % 7) / 2]);
    });
  });

  describe('rejects', () => {
    it('shaders that the device has no room for', () => {
      const program = { label: 'Wide', threads: 1 << 20, code: 'fn run(group: u32, thread: u32) {}' };
      expect(() => dispatch(recording(), program, { reads: {}, writes: {}, groups: 1 })).toThrow(
        'Wide: the device allows',
      );
    });
  });
});
