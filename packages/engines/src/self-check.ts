import { Random } from '@covpool/base';
import { batchNormTraining, convolution } from '@covpool/core';
import {
  add,
  grad,
  matMul,
  mean,
  mul,
  relu,
  reshape,
  sub,
  sum,
  tensor,
  type Tensor,
  type Tensor1D,
  type Tensor3D,
  type Tensor4D,
  tidy,
} from '@tensorflow/tfjs-core';

/** How far the engine's gradient of a small second-order network is from the slope that the engine itself measures. */
export interface SelfCheck {
  ok: boolean;
  /** Relative difference between the directional derivative by gradient and by central difference. */
  difference: number;
}

/** Central differences of float32 at this step err by a few parts in a thousand; a wrong gradient is off by its size. */
const STEP = 1e-2;
const LIMIT = 2e-2;

/**
 * Checks the running engine: the derivative of a small network with a covariance head (convolution, batch normalisation,
 * ReLU, covariance, one Newton–Schulz step) along one direction, by its gradient and by a central difference.
 */
export async function selfCheck(): Promise<SelfCheck> {
  const [x, direction] = [seeded('x'), seeded('direction')];
  const byGradient = tidy(() => sum(mul(grad((value) => network(value))(x), direction)));
  const bySlope = tidy(() => {
    const step = mul(direction, STEP);
    return mul(sub(network(add(x, step)), network(sub(x, step))), 1 / (2 * STEP));
  });
  const [analytic, slope] = [(await byGradient.data())[0]!, (await bySlope.data())[0]!];
  for (const used of [x, direction, byGradient, bySlope]) used.dispose();
  const difference = Math.abs(analytic - slope) / Math.max(Math.abs(slope), 1e-6);
  return { ok: difference < LIMIT, difference };
}

function network(x: Tensor): Tensor {
  const filter = seeded('filter', [3, 3, 3, 8]) as Tensor4D;
  const features = convolution(x as Tensor4D, filter, { strides: 2, padding: 1 });
  const scale = tensor(Array.from({ length: 8 }, (_, i) => 1 + i / 8)) as Tensor1D;
  const { y } = batchNormTraining(features, scale, tensor(new Array<number>(8).fill(0.5)) as Tensor1D);
  const rows = reshape(relu(y), [2, 16, 8]) as Tensor3D;
  const centred = sub(rows, mean(rows, 1, true));
  const covariance = mul(matMul(centred, centred, true, false), 1 / 16);
  const step = sub(mul(covariance, 1.5), mul(matMul(covariance, covariance), 0.05));
  return sum(mul(step, seeded('weights', [2, 8, 8])));
}

function seeded(name: string, shape: number[] = [2, 8, 8, 3]): Tensor {
  const random = new Random('self-check', name);
  const size = shape.reduce((product, extent) => product * extent, 1);
  return tensor(
    Float32Array.from({ length: size }, () => random.normal(0, 0.5)),
    shape,
  );
}
