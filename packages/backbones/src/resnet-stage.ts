import type { SymbolicTensor } from '@tensorflow/tfjs-layers';
import { activate, add, convolve, normalise } from './parts.ts';

export type BlockName = 'basic' | 'bottleneck';

/** Output channels of a block per unit of its width. */
export const expansions: Record<BlockName, number> = { basic: 1, bottleneck: 4 };

interface BlockShape {
  name: string;
  width: number;
  strides: number;
  /** Whether the input has another shape than the output, so that the shortcut needs a projection. */
  project: boolean;
}

interface StagePlan {
  name: string;
  block: BlockName;
  width: number;
  strides: number;
  count: number;
  /** Applied below the residual addition of the last block, which it gets the path of. */
  attend: (features: SymbolicTensor, block: string) => SymbolicTensor;
}

const branches: Record<BlockName, (x: SymbolicTensor, shape: BlockShape) => SymbolicTensor> = {
  basic(x, { name, width, strides }) {
    const first = normalise(convolve(x, `${name}.conv1`, width, 3, { strides }), `${name}.bn1`);
    return normalise(convolve(activate(first, `${name}.relu1`), `${name}.conv2`, width, 3), `${name}.bn2`);
  },
  // "v1.5": the stride sits on the 3×3 convolution.
  bottleneck(x, { name, width, strides }) {
    const first = normalise(convolve(x, `${name}.conv1`, width, 1), `${name}.bn1`);
    const second = normalise(
      convolve(activate(first, `${name}.relu1`), `${name}.conv2`, width, 3, { strides }),
      `${name}.bn2`,
    );
    return normalise(convolve(activate(second, `${name}.relu2`), `${name}.conv3`, 4 * width, 1), `${name}.bn3`);
  },
};

function residualBlock(
  x: SymbolicTensor,
  block: BlockName,
  shape: BlockShape,
  attend?: StagePlan['attend'],
): SymbolicTensor {
  const { name, width, strides, project } = shape;
  const plain = branches[block](x, shape);
  const branch = attend ? attend(plain, name) : plain;
  const shortcut = project
    ? normalise(convolve(x, `${name}.downsample.0`, width * expansions[block], 1, { strides }), `${name}.downsample.1`)
    : x;
  return activate(add(branch, shortcut, `${name}.add`), `${name}.relu`);
}

/** One stage of a residual network (He et al. 2016): `count` blocks, the first of which may stride and project. */
export function residualStage(x: SymbolicTensor, plan: StagePlan): SymbolicTensor {
  const { name, block, width, strides, count, attend } = plan;
  let features = x;
  for (let i = 0; i < count; i++) {
    const channels = features.shape.at(-1);
    const project = i === 0 && (strides !== 1 || channels !== width * expansions[block]);
    const shape = { name: `${name}.${i}`, width, strides: i === 0 ? strides : 1, project };
    features = residualBlock(features, block, shape, i === count - 1 ? attend : undefined);
  }
  return features;
}
