import {
  constant,
  kaimingNormal,
  type LayerConfig,
  type LayerShape,
  NamedLayer,
  onlyInput,
  onlyShape,
  registerLayer,
} from '@covpool/core';
import { add, conv2dTranspose, type serialization, type Tensor, type Tensor4D, tidy } from '@tensorflow/tfjs-core';
import type { LayerVariable } from '@tensorflow/tfjs-layers';

export interface DeconvolutionConfig extends LayerConfig {
  filters: number;
}

/**
 * Transposed convolution with a kernel of 2×2 and stride 2: every position becomes four, `y[2i+a, 2j+b] = Wᵀ[a,b]·x[i,j] + bias`;
 * NHWC, PyTorch's weight names and layout [in,out,2,2]. Weights N(0, √(2/(4·filters))).
 */
export class Deconvolution extends NamedLayer {
  static className = 'covpool/detectors/Deconvolution';
  private readonly filters: number;
  private filter!: LayerVariable;
  private offset!: LayerVariable;

  constructor(config: DeconvolutionConfig) {
    super(config);
    this.filters = config.filters;
  }

  override build(inputShape: LayerShape | LayerShape[]): void {
    const { filters } = this;
    const channels = onlyShape(inputShape)[3]!;
    this.filter = this.addNamedWeight('weight', [2, 2, filters, channels], kaimingNormal(4 * filters), {
      toTorch: [3, 2, 0, 1],
    });
    this.offset = this.addNamedWeight('bias', [filters], constant(0));
    this.built = true;
  }

  override computeOutputShape(inputShape: LayerShape | LayerShape[]): LayerShape {
    const [batch = null, height = null, width = null] = onlyShape(inputShape);
    const twice = (extent: number | null) => (extent === null ? null : 2 * extent);
    return [batch, twice(height), twice(width), this.filters];
  }

  override call(inputs: Tensor | Tensor[]): Tensor {
    const x = onlyInput(inputs) as Tensor4D;
    const [batch, height, width] = x.shape;
    return tidy(() => {
      const shape: [number, number, number, number] = [batch, 2 * height, 2 * width, this.filters];
      return add(conv2dTranspose(x, this.filter.read() as Tensor4D, shape, 2, 'valid'), this.offset.read());
    });
  }

  override getConfig(): serialization.ConfigDict {
    return { ...super.getConfig(), filters: this.filters };
  }
}

registerLayer(Deconvolution);
