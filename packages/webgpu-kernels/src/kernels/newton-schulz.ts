import type { TensorInfo } from '@tensorflow/tfjs-core';
import { iterate } from '../newton-schulz/forward.ts';
import { iterationGradient } from '../newton-schulz/gradient.ts';
import type { Iteration, IterationState, Norm } from '../newton-schulz/iteration.ts';
import { free } from '../program.ts';
import type { RecordingBackend } from '../webgpu-backend.ts';
import { webgpuKernel } from './registration.ts';

interface Attributes {
  iterations: number;
  norm: Norm;
  /** Keep nothing for the gradient, which iterates again. */
  recompute: boolean;
}

function iterationOf(a: TensorInfo, { iterations, norm }: Attributes): Iteration {
  const [batch, side] = a.shape as [number, number];
  return { batch, side, iterations, norm, wanted: 'root', positions: 1 };
}

/** A second owner of a tensor's numbers: what is kept for the gradient may be disposed of by itself. */
function shared(backend: RecordingBackend, tensor: TensorInfo): TensorInfo {
  backend.incRef(tensor.dataId);
  return { ...tensor };
}

/** `√t·Y_N(A/t)` of symmetric matrices; kept are the iterates, the norms and the root. */
export const newtonSchulzKernel = webgpuKernel<'a', Attributes>('NewtonSchulz', (backend, { a }, attributes) => {
  const { iterates, norms, result } = iterate(backend, a, iterationOf(a, attributes));
  if (!attributes.recompute) return [result, iterates, norms, shared(backend, result)];
  free(backend, iterates, norms);
  return [result];
});

type GradientInputs = 'dy' | 'a' | 'kept0' | 'kept1' | 'kept2';

export const newtonSchulzGradientKernel = webgpuKernel<GradientInputs, Attributes>(
  'NewtonSchulzGradient',
  (backend, { dy, a, kept0, kept1, kept2 }, attributes) => {
    const iteration = iterationOf(a, attributes);
    if (!attributes.recompute) {
      const state: IterationState = { iterates: kept0, norms: kept1, result: kept2 };
      return [iterationGradient(backend, dy, state, iteration)];
    }
    const state = iterate(backend, a, iteration);
    const da = iterationGradient(backend, dy, state, iteration);
    free(backend, ...Object.values(state));
    return [da];
  },
);
