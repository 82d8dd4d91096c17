import type { TensorInfo } from '@tensorflow/tfjs-core';
import { runJob } from '../batch-job.ts';
import type { BatchJob } from '../batch-job.ts';
import type { WasmPrimitives } from '../primitives.ts';
import {
  keptBytes,
  newtonSchulzGradientJob,
  newtonSchulzJob,
  rowRootGradientJob,
  rowRootJob,
} from '../second-order-jobs.ts';
import type { NewtonSchulzAttrs, RowRootAttrs } from '../second-order-jobs.ts';
import { wasmKernel } from './registration.ts';

/** iSQRT-COV's root of matrices a [B,d,d], all of the iteration in one call; what the gradient needs is a second output. */
export const newtonSchulzKernel = wasmKernel<'a', NewtonSchulzAttrs>('NewtonSchulz', (primitives, { a }, attrs) => {
  const { routines, address } = primitives;
  const [batch = 0, d = 0] = a.shape;
  const { kept, outputs } = outputsOf(primitives, a.shape, batch, keptBytes(routines, attrs, d, false));
  run(primitives, newtonSchulzJob(routines, a.shape, attrs, { a: address(a), root: address(outputs[0]!), kept }));
  return outputs;
});

/** Its gradient: da [B,d,d], symmetric. */
export const newtonSchulzGradientKernel = wasmKernel<'dy' | 'a' | 'kept0', NewtonSchulzAttrs>(
  'NewtonSchulzGradient',
  (primitives, { dy, a, kept0 }, attrs) => {
    const { routines, address } = primitives;
    const da = primitives.output(a.shape);
    const at = { dy: address(dy), a: address(a), kept: kept0 ? address(kept0) : 0, da: address(da) };
    run(primitives, newtonSchulzGradientJob(routines, a.shape, withKept(attrs, kept0), at));
    return [da];
  },
);

/** The root of the covariance of rows x [B,M,d], iterated on the M×M side. */
export const rowRootKernel = wasmKernel<'x', RowRootAttrs>('NewtonSchulzOfRows', (primitives, { x }, attrs) => {
  const { routines, address } = primitives;
  const [batch = 0, m = 0, d = 0] = x.shape;
  const { kept, outputs } = outputsOf(primitives, [batch, d, d], batch, keptBytes(routines, attrs, m, true));
  run(primitives, rowRootJob(routines, x.shape, attrs, { x: address(x), root: address(outputs[0]!), kept }));
  return outputs;
});

/** Its gradient: dx [B,M,d]. */
export const rowRootGradientKernel = wasmKernel<'dy' | 'x' | 'kept0', RowRootAttrs>(
  'NewtonSchulzOfRowsGradient',
  (primitives, { dy, x, kept0 }, attrs) => {
    const { routines, address } = primitives;
    const dx = primitives.output(x.shape);
    const at = { dy: address(dy), x: address(x), kept: kept0 ? address(kept0) : 0, dx: address(dx) };
    run(primitives, rowRootGradientJob(routines, x.shape, withKept(attrs, kept0), at));
    return [dx];
  },
);

/** The root, and where something is kept a tensor for that. */
function outputsOf(
  primitives: WasmPrimitives,
  shape: readonly number[],
  batch: number,
  each: number,
): { kept: number; outputs: TensorInfo[] } {
  const root = primitives.output(shape);
  if (each === 0) return { kept: 0, outputs: [root] };
  const kept = primitives.output([batch, each / 4]);
  return { kept: primitives.address(kept), outputs: [root, kept] };
}

/** What is not there is computed again. */
const withKept = <Attrs extends NewtonSchulzAttrs>(attrs: Attrs, kept: TensorInfo | undefined): Attrs => ({
  ...attrs,
  recompute: !kept,
});

function run(primitives: WasmPrimitives, job: BatchJob): void {
  runJob(primitives.routines, job, primitives.scratch(job.scratch));
}
