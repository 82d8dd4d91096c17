import { checkArgument } from '@covpool/base';
import { add, clone, type Tensor, util } from '@tensorflow/tfjs-core';
import { defineKernel } from './define-kernel.ts';
import { type LayerShape, NamedLayer, registerLayer } from './named-layer.ts';

const sumKernel = defineKernel<{ a: Tensor; b: Tensor }, object>({
  name: 'BranchSum',
  composed: ({ a, b }) => [add(a, b)],
  gradient: { inputs: [], outputs: [false], compute: ([dy]) => ({ a: () => clone(dy!), b: () => clone(dy!) }) },
});

/**
 * The sum of two branches of a network, as a residual block ends in (He et al. 2016). The gradient of both is that of the sum, so nothing
 * is kept for it; the sum of TensorFlow.js keeps both its inputs, the largest maps of a network, to know their shapes.
 */
export class BranchSum extends NamedLayer {
  static className = 'covpool/core/BranchSum';

  override computeOutputShape(inputShape: LayerShape | LayerShape[]): LayerShape {
    return (inputShape as LayerShape[])[0]!;
  }

  override call(inputs: Tensor | Tensor[]): Tensor {
    const [a, b] = inputs as [Tensor, Tensor];
    checkArgument(
      util.arraysEqual(a.shape, b.shape),
      () => `${this.name}: two branches of one shape are required, got [${a.shape}] and [${b.shape}]`,
    );
    return sumKernel({ a, b }, {})[0]!;
  }
}

registerLayer(BranchSum);
