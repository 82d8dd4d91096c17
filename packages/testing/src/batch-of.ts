import { type Tensor3D, tensor } from '@tensorflow/tfjs-core';
import { flatten, type Matrix } from './matrix.ts';

/** Matrices of one shape as a tensor [B,r1,r2]. */
export const batchOf = (...matrices: Matrix[]): Tensor3D =>
  tensor(matrices.flatMap(flatten), [matrices.length, matrices[0]!.length, matrices[0]![0]!.length]);
