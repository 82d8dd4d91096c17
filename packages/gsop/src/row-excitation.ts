import {
  BatchNorm,
  CompositeLayer,
  Conv2d,
  type LayerConfig,
  type LayerShape,
  onlyInput,
  onlyShape,
  type OnnxExportable,
  type OnnxGraph,
  type OnnxValue,
  registerLayer,
} from '@covpool/core';
import { relu, sigmoid, type Tensor, tidy, transpose } from '@tensorflow/tfjs-core';
import { RowConvolution } from './row-convolution-layer.ts';

interface RowExcitationConfig extends LayerConfig {
  /** Weights that come out. */
  units: number;
  /** What the authors' code appends to the names of the parts. */
  suffix: '' | '_for_spatial';
  /** Whether a ReLU follows the row-wise convolution. */
  rectify: boolean;
}

/**
 * What both blocks of GSoP do with their matrix [B,R,R]: batch normalisation of each row, row-wise convolution, dense
 * layer, sigmoid. Weights of the attention [B,1,1,units] come out.
 */
export class RowExcitation extends CompositeLayer implements OnnxExportable {
  static className = 'covpool/gsop/RowExcitation';
  private readonly config: RowExcitationConfig;
  private readonly normalisation: BatchNorm;
  private readonly convolution: RowConvolution;
  private readonly dense: Conv2d;

  constructor(config: RowExcitationConfig & { name: string }) {
    super(config);
    const { name, units, suffix } = config;
    this.config = config;
    this.normalisation = this.adopt(new BatchNorm({ name: `${name}.row_bn${suffix}` }));
    this.convolution = this.adopt(new RowConvolution({ name: `${name}.row_conv_group${suffix}` }));
    this.dense = this.adopt(
      new Conv2d({ name: `${name}.fc_adapt_channels${suffix}`, filters: units, kernelSize: 1, bias: true }),
    );
  }

  override build(inputShape: LayerShape | LayerShape[]): void {
    this.buildChain([this.normalisation, this.convolution, this.dense], onlyShape(inputShape));
    this.built = true;
  }

  override computeOutputShape(inputShape: LayerShape | LayerShape[]): LayerShape {
    return [onlyShape(inputShape)[0] ?? null, 1, 1, this.config.units];
  }

  override call(inputs: Tensor | Tensor[], kwargs: { training?: unknown }): Tensor {
    return tidy(() => {
      // The matrix is symmetric: its last axis, which is normalised, counts the rows as well as the columns.
      const columns = this.normalisation.apply(onlyInput(inputs), kwargs) as Tensor;
      const outputs = this.convolution.apply(transpose(columns, [0, 2, 1])) as Tensor;
      return sigmoid(this.dense.apply(this.config.rectify ? relu(outputs) : outputs) as Tensor);
    });
  }

  toOnnx(graph: OnnxGraph, { name, shape }: OnnxValue): string {
    // The matrix is symmetric: what ONNX takes for channels is its rows.
    const rows = this.normalisation.toOnnx(graph, { name, shape });
    const outputs = this.convolution.toOnnx(graph, { name: rows, shape });
    const active = this.config.rectify ? graph.add('Relu', [outputs]) : outputs;
    return graph.add('Sigmoid', [this.dense.toOnnx(graph, { name: active, shape })]);
  }
}

registerLayer(RowExcitation);
