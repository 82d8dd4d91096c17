import { concat1d, split, type Tensor, type Tensor1D } from '@tensorflow/tfjs-core';

/**
 * Numbers of many short vectors, each computed from the numbers at its place alone, in as many operations as one vector takes: the vectors
 * of each list are laid end to end, and the results cut again. A network has a hundred scales, offsets and running statistics, for which
 * starting the operations would cost more than their arithmetic.
 *
 * @param lists of equally many vectors, of the same sizes in each list
 * @returns a list of vectors for each result of `compute`
 */
export function onJoined(lists: Tensor[][], compute: (joined: Tensor1D[]) => Tensor[]): Tensor[][] {
  const sizes = lists[0]!.map(({ size }) => size);
  const results = compute(lists.map((vectors) => concat1d(vectors as Tensor1D[])));
  return results.map((result) => split(result, sizes));
}
