import { checkArgument } from '@covpool/base';
import {
  add,
  matMul,
  reshape,
  type Tensor,
  type Tensor1D,
  type Tensor2D,
  type Tensor3D,
  tidy,
  transpose,
} from '@tensorflow/tfjs-core';

/**
 * The row-wise convolution of GSoP: each row of a matrix has N kernels of its own, as long as the row,
 * `Q[b, i·N + n] = Σ_j P[b,i,j]·K[i,j,n] + bias[i·N + n]`. PyTorch writes it as a convolution of R groups with a C×1 kernel.
 *
 * Cost: B·R·C·N multiply-adds, as R products of a [B,C] and a [C,N] matrix.
 *
 * @param p [B,R,C]
 * @param kernel [R,C,N]
 * @param bias [R·N]
 * @returns [B,R·N]: all outputs of row 0, then of row 1, …
 *
 * Paper: Gao, Xie, Wang & Li, Global Second-order Pooling Convolutional Networks, CVPR 2019.
 * @throws bad-argument for shapes that do not fit each other
 */
export function rowConvolution(p: Tensor3D, kernel: Tensor3D, bias: Tensor1D): Tensor2D {
  const [batch, rows, columns] = p.shape;
  checkArgument(
    p.rank === 3 && kernel.rank === 3 && kernel.shape[0] === rows && kernel.shape[1] === columns,
    () => `rowConvolution: p must be [B,R,C] and the kernel [R,C,N], got [${p.shape}] and [${kernel.shape}]`,
  );
  checkArgument(
    bias.rank === 1 && bias.size === rows * kernel.shape[2],
    () => `rowConvolution: the bias must be [${rows * kernel.shape[2]}] for this kernel, got [${bias.shape}]`,
  );
  return tidy(() => {
    const products: Tensor = matMul(transpose(p, [1, 0, 2]), kernel);
    return add(reshape(transpose(products, [1, 0, 2]), [batch, rows * kernel.shape[2]]), bias);
  });
}
