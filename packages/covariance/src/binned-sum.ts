import { defineKernel } from '@covpool/core';
import {
  gather,
  type KernelBackend,
  registerKernel,
  type Tensor,
  type Tensor1D,
  type Tensor2D,
  type TensorInfo,
  unsortedSegmentSum,
  zerosLike,
} from '@tensorflow/tfjs-core';

interface Inputs {
  values: Tensor;
  bins: Tensor;
}

const NAME = 'BinnedSum';

const binnedSumKernel = defineKernel<Inputs, { size: number }>({
  name: NAME,
  composed: ({ values, bins }, { size }) => [unsortedSegmentSum(values, bins as Tensor1D, size)],
  gradient: {
    inputs: ['bins'],
    outputs: [false],
    compute: ([dy], [bins]) => ({
      values: () => gather(dy!, bins as Tensor1D),
      bins: () => zerosLike(bins!),
    }),
  },
});

// The cpu backend's own goes through all values once for every segment.
registerKernel({
  kernelName: NAME,
  backendName: 'cpu',
  kernelFunc: ({ inputs, attrs, backend }) => {
    const memory = backend as KernelBackend;
    const { values, bins } = inputs as { values: TensorInfo; bins: TensorInfo };
    const [size, width] = [attrs!.size as number, values.shape[1]!];
    const [from, at] = [values, bins].map(({ dataId }) => memory.readSync(dataId)) as [Float32Array, Int32Array];
    const sums = new Float32Array(size * width);
    for (const [row, bin] of at.entries()) {
      for (let column = 0; column < width; column++) sums[bin * width + column]! += from[row * width + column]!;
    }
    const shape = [size, width];
    return { dataId: memory.write(sums, shape, 'float32'), shape, dtype: 'float32' };
  },
});

/** Rows [K,B] summed by the bins [K], int32 from 0 to size − 1, that they belong to: [size,B]. */
export function binnedSum(values: Tensor2D, bins: Tensor1D, size: number): Tensor2D {
  return binnedSumKernel({ values, bins }, { size })[0] as Tensor2D;
}
