import { checkArgument } from '@covpool/base';
import { type LayerConfig, type LayerShape, NamedLayer, onlyInput, onlyShape, registerLayer } from '@covpool/core';
import type { serialization, Tensor, Tensor4D } from '@tensorflow/tfjs-core';
import { input, type LayersModel, model, type SymbolicTensor } from '@tensorflow/tfjs-layers';
import { checkCrops, type CropOptions, pictureCopies } from './picture-copies.ts';

/** `pictureCopies` as a layer. */
export class PictureCopies extends NamedLayer {
  static className = 'covpool/idccp/PictureCopies';
  private readonly crops: number[];

  constructor(config: LayerConfig & CropOptions) {
    super(config);
    this.crops = checkCrops(this.name, config.crops ?? [1]);
  }

  override computeOutputShape(inputShape: LayerShape | LayerShape[]): LayerShape {
    const [batch = null, ...rest] = onlyShape(inputShape);
    return [batch === null ? null : 8 * this.crops.length * batch, ...rest];
  }

  override call(inputs: Tensor | Tensor[]): Tensor {
    return pictureCopies(onlyInput(inputs) as Tensor4D, { crops: this.crops });
  }

  override getConfig(): serialization.ConfigDict {
    return { ...super.getConfig(), crops: this.crops };
  }
}

registerLayer(PictureCopies);

/** A layer from pictures to their copies. */
export const pictureCopiesLayer = (config: LayerConfig & CropOptions = {}): PictureCopies => new PictureCopies(config);

/**
 * The same network, its weights shared, on all eight turned and flipped copies of every picture. A trunk then has features of
 * all copies, for a pooling with `transforms: 8`; a classifier that has such a pooling inside gives logits that do not change
 * when a picture is turned by 90° or flipped.
 *
 * ```ts
 * const net = siamese(createModel('resnet50', { pooling: { name: 'idccp', transforms: 8 }, classes: 30 }));
 * ```
 * @param network from pictures [B,S,S,C]; it stays usable by itself
 * @returns a model from pictures [B,S,S,C] to what the network makes of [8·crops·B,S,S,C]
 */
export function siamese(network: LayersModel, { crops = [1] }: CropOptions = {}): LayersModel {
  checkArgument(
    network.inputs.length === 1 && network.inputs[0]!.shape.length === 4,
    () =>
      `siamese: the network must have one input [B,S,S,C], got ${network.inputs
        .map(({ shape }) => `[${shape}]`)
        .join(', ')}`,
  );
  const name = `siamese_${network.name}`;
  const pictures = input({ shape: network.inputs[0]!.shape.slice(1), name: `${name}_pictures` });
  const copies = new PictureCopies({ name: `${name}_copies`, crops }).apply(pictures) as SymbolicTensor;
  return model({ inputs: pictures, outputs: network.apply(copies) as SymbolicTensor | SymbolicTensor[], name });
}
