import type { TensorInfo } from '@tensorflow/tfjs-core';
import type { WasmPrimitives } from '../primitives.ts';
import { wasmKernel } from './registration.ts';
import type { Inputs } from './registration.ts';

interface Attrs {
  order: 'rows' | 'columns';
}

/** The upper triangles of matrices: [B,d,d] to [B,d(d+1)/2]. */
export const triuVectorizeKernel = wasmKernel(
  'TriuVectorize',
  (primitives: WasmPrimitives, { a }: Inputs<'a'>, { order }: Attrs): TensorInfo => {
    const [batch, d] = a.shape as [number, number];
    const v = primitives.output([batch, (d * (d + 1)) / 2]);
    const { routines, address: at } = primitives;
    routines.triangles(at(a), at(v), batch, d, Number(order === 'columns'), 0);
    return v;
  },
);

/** Back to upper triangular matrices. */
export const triuScatterKernel = wasmKernel(
  'TriuScatter',
  (primitives: WasmPrimitives, { v }: Inputs<'v'>, { order }: Attrs): TensorInfo => {
    const [batch, length] = v.shape as [number, number];
    const d = (Math.sqrt(8 * length + 1) - 1) / 2;
    const a = primitives.output([batch, d, d]);
    const { routines, address: at } = primitives;
    routines.triangles(at(a), at(v), batch, d, Number(order === 'columns'), 1);
    return a;
  },
);
