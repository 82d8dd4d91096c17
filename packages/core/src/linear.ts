import { checkArgument } from '@covpool/base';
import { add, matMul, reshape, type serialization, type Tensor, type Tensor2D, tidy } from '@tensorflow/tfjs-core';
import type { LayerVariable } from '@tensorflow/tfjs-layers';
import { constant, type InitialValues, torchUniform, xavierUniform } from './initializers.ts';
import {
  type LayerConfig,
  type LayerShape,
  NamedLayer,
  onlyInput,
  onlyShape,
  registerLayer,
  valueCount,
} from './named-layer.ts';
import { type OnnxExportable, type OnnxGraph, type OnnxValue, withoutOnnxForm } from './onnx.ts';

export interface LinearConfig extends LayerConfig {
  units: number;
  /** Whether there is a b; there is by default. */
  bias?: boolean;
  /** The weights start as N(0, deviation) and the bias at 0, instead of PyTorch's default U(±1/√C) for both. */
  deviation?: number;
  /** `xavier`: the weights start as U(±√(6/(C + units))) and the bias at 0; `torch`, the default: U(±1/√C) for both. */
  initialization?: 'torch' | 'xavier';
}

/** A dense layer `y = x W + b` on [B,C], tokens [B,N,C] or maps [B,H,W,C] with PyTorch's weight names and initial values. */
export class Linear extends NamedLayer implements OnnxExportable {
  static className = 'covpool/core/Linear';
  private readonly units: number;
  private readonly hasBias: boolean;
  private readonly deviation?: number;
  private readonly initialization?: 'torch' | 'xavier';
  private weight!: LayerVariable;
  private bias?: LayerVariable;

  constructor(config: LinearConfig) {
    super(config);
    this.units = config.units;
    this.hasBias = config.bias ?? true;
    this.deviation = config.deviation;
    this.initialization = config.initialization;
  }

  override build(inputShape: LayerShape | LayerShape[]): void {
    const shape = onlyShape(inputShape);
    const channels = shape.at(-1);
    checkArgument(
      shape.length >= 2 && typeof channels === 'number',
      () => `${this.name}: the input must be [B,C] or [B,...,C] with known C, got [${shape}]`,
    );
    const values = this.initial(channels);
    const asTorch = this.deviation === undefined && this.initialization !== 'xavier';
    this.weight = this.addNamedWeight('weight', [channels, this.units], values, { toTorch: [1, 0] });
    if (this.hasBias) this.bias = this.addNamedWeight('bias', [this.units], asTorch ? values : constant(0));
    this.built = true;
  }

  private initial(channels: number): InitialValues {
    const { deviation, initialization, units } = this;
    if (deviation !== undefined) return { kind: 'normal', deviation };
    return initialization === 'xavier' ? xavierUniform(channels, units) : torchUniform(channels);
  }

  override computeOutputShape(inputShape: LayerShape | LayerShape[]): LayerShape {
    return [...onlyShape(inputShape).slice(0, -1), this.units];
  }

  override multiplyAdds(inputShape: LayerShape): number {
    return valueCount(inputShape) * this.units;
  }

  override call(inputs: Tensor | Tensor[]): Tensor {
    return tidy(() => {
      const x = onlyInput(inputs);
      const rows: Tensor2D = x.rank === 2 ? (x as Tensor2D) : reshape(x, [-1, x.shape.at(-1)!]);
      const product = matMul(rows, this.weight.read() as Tensor2D);
      const y = this.bias ? add(product, this.bias.read()) : product;
      return x.rank === 2 ? y : reshape(y, [...x.shape.slice(0, -1), this.units]);
    });
  }

  toOnnx(graph: OnnxGraph, { name, shape }: OnnxValue): string {
    if (shape.length === 4) throw withoutOnnxForm(this);
    const weight = graph.weight(this, 'weight');
    const bias = this.bias ? [graph.weight(this, 'bias')] : [];
    if (shape.length === 2) return graph.add('Gemm', [name, weight, ...bias], { transB: 1 });
    const product = graph.add('MatMul', [name, graph.add('Transpose', [weight], { perm: [1, 0] })]);
    return bias.length > 0 ? graph.add('Add', [product, ...bias]) : product;
  }

  override getConfig(): serialization.ConfigDict {
    const { units, hasBias: bias, deviation, initialization } = this;
    const config = { ...super.getConfig(), units, bias };
    return { ...config, ...(deviation !== undefined && { deviation }), ...(initialization && { initialization }) };
  }
}

registerLayer(Linear);
