import {
  constant,
  kaimingNormal,
  type LayerShape,
  NamedLayer,
  onlyInput,
  onlyShape,
  type OnnxExportable,
  type OnnxGraph,
  type OnnxValue,
  registerLayer,
} from '@covpool/core';
import { reshape, type Tensor, type Tensor1D, type Tensor3D, tidy, transpose } from '@tensorflow/tfjs-core';
import type { LayerVariable } from '@tensorflow/tfjs-layers';
import { rowConvolution } from './row-convolution.ts';

/** Kernels of the row-wise convolution per row. */
const multiplicity = 4;

/** `rowConvolution` with weights under PyTorch's names and shapes (He-normal by the fan out, bias 0): [B,R,C] to [B,1,1,4R]. */
export class RowConvolution extends NamedLayer implements OnnxExportable {
  static className = 'covpool/gsop/RowConvolution';
  private kernel!: LayerVariable;
  private bias!: LayerVariable;

  override build(inputShape: LayerShape | LayerShape[]): void {
    const [, rows, columns] = onlyShape(inputShape) as [null, number, number];
    const outputs = multiplicity * rows;
    this.kernel = this.addNamedWeight('weight', [columns, 1, 1, outputs], kaimingNormal(outputs * columns), {
      toTorch: [3, 2, 0, 1],
    });
    this.bias = this.addNamedWeight('bias', [outputs], constant(0));
    this.built = true;
  }

  override computeOutputShape(inputShape: LayerShape | LayerShape[]): LayerShape {
    const [batch = null, rows] = onlyShape(inputShape);
    return [batch, 1, 1, multiplicity * rows!];
  }

  override call(inputs: Tensor | Tensor[]): Tensor {
    return tidy(() => {
      const p = onlyInput(inputs) as Tensor3D;
      const [batch, rows, columns] = p.shape;
      const kernel = transpose(reshape(this.kernel.read(), [columns, rows, multiplicity]), [1, 0, 2]) as Tensor3D;
      return reshape(rowConvolution(p, kernel, this.bias.read() as Tensor1D), [batch, 1, 1, multiplicity * rows]);
    });
  }

  /** As PyTorch has it: the rows are the channels of a picture one pixel wide. */
  toOnnx(graph: OnnxGraph, { name, shape }: OnnxValue): string {
    const [, rows, columns] = shape as [null, number, number];
    const picture = graph.add('Reshape', [name, graph.integers([0, rows, columns, 1])]);
    const attributes = { kernel_shape: [columns, 1], group: rows };
    return graph.add('Conv', [picture, graph.weight(this, 'weight'), graph.weight(this, 'bias')], attributes);
  }
}

registerLayer(RowConvolution);
