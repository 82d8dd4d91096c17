import { type KeyPart, Random } from '@covpool/base';
import { type Rank, type ShapeMap, type Tensor, tensor } from '@tensorflow/tfjs-core';

/** Standard normal values that depend on the key alone. */
export function seededValues(length: number, ...key: KeyPart[]): number[] {
  const random = new Random('test', ...key);
  return Array.from({ length }, () => Math.fround(random.normal()));
}

/** A tensor of them. */
export function seededTensor<R extends Rank>(shape: number[], ...key: KeyPart[]): Tensor<R> {
  const size = shape.reduce((product, extent) => product * extent, 1);
  return tensor<R>(seededValues(size, ...key), shape as ShapeMap[R]);
}
