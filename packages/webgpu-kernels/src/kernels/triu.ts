import { elementwise } from '../elementwise.ts';
import { output } from '../program.ts';
import { webgpuKernel } from './registration.ts';

interface Attributes {
  order: 'rows' | 'columns';
}

/** Where number (i, j), i ≤ j, of a d×d matrix stands in the vector. */
const placeIn = {
  rows: 'i * sizes.d - (i * i - i) / 2u + (j - i)',
  columns: '(j * j + j) / 2u + i',
};

/** One thread a number of the matrix. */
const INDICES = `
  let square = sizes.d * sizes.d;
  let batch = index / square;
  let i = (index % square) / sizes.d;
  let j = index % sizes.d;`;

/** The upper triangle with the diagonal. */
export const triuVectorizeKernel = webgpuKernel<'a', Attributes>('TriuVectorize', (backend, { a }, { order }) => {
  const [batch, d] = a.shape as [number, number];
  const length = (d * (d + 1)) / 2;
  const v = output(backend, [batch, length]);
  elementwise(backend, {
    label: 'TriuVectorize',
    reads: { a },
    writes: { v },
    sizes: { d, length },
    count: batch * d * d,
    body: `${INDICES} if (i <= j) { v[batch * sizes.length + ${placeIn[order]}] = a[index]; }`,
  });
  return [v];
});

/** Its transpose: the vector into an upper triangle, zeros below. */
export const triuScatterKernel = webgpuKernel<'v', Attributes>('TriuScatter', (backend, { v }, { order }) => {
  const [batch, length] = v.shape as [number, number];
  const d = (Math.sqrt(8 * length + 1) - 1) / 2;
  const a = output(backend, [batch, d, d]);
  elementwise(backend, {
    label: 'TriuScatter',
    reads: { v },
    writes: { a },
    sizes: { d, length },
    count: batch * d * d,
    body: `${INDICES} var value = 0.0; if (i <= j) { value = v[batch * sizes.length + ${placeIn[order]}]; } a[index] = value;`,
  });
  return [a];
});
