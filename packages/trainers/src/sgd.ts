import { checkArgument } from '@covpool/base';
import type { StateEntry } from '@covpool/core';
import {
  add,
  addN,
  dispose,
  div,
  keep,
  minimum,
  mul,
  sqrt,
  square,
  sum,
  type Tensor,
  type Tensor2D,
  tidy,
  zerosLike,
} from '@tensorflow/tfjs-core';
import { onJoined } from './joined-vectors.ts';
import { sgdStep } from './sgd-step.ts';
import { alongStiefel, retract } from './stiefel.ts';

/** Moves weights along their gradients, and has a state that can be saved. */
export interface Optimizer {
  /** One step at learning rate `lr`; `gradients[i]` belongs to `parameters[i]` and stays the caller's. */
  step: (parameters: StateEntry[], gradients: Tensor[], lr: number) => void;
  /** What the next step depends on, by the parameters' names; the tensors stay the optimiser's. */
  state: () => Map<string, Tensor>;
  /** Takes over such a state. */
  load: (state: Map<string, Tensor>) => void;
  dispose: () => void;
}

/** A parameter on its way along its gradient. */
interface Move extends StateEntry {
  gradient: Tensor;
}

/** Whether it moves along with others, end to end. */
const isVector = ({ variable, manifold }: Move): boolean => !manifold && variable.shape.length === 1;

/**
 * Stochastic gradient descent with momentum and coupled weight decay, as PyTorch computes it:
 * `v ← momentum·v + g + weightDecay·w`, `w ← w − lr·v`. The learning rate multiplies the whole velocity, so that a change of
 * it acts at once; decay acts on every parameter, biases and normalisation included.
 *
 * With `clipNorm`, all gradients are first multiplied by min(1, clipNorm / (‖g‖ + 1e-6)), ‖g‖ the Euclidean norm of all of them
 * together.
 *
 * A weight on the Stiefel manifold takes a Riemannian step: with Π the projection onto the tangent space at W,
 * `v ← Π(momentum·v + g)`, which transports the velocity too, and `W ← retraction of −lr·v`. There is no decay: shrinking W has
 * no part along the manifold. On webgl there is no such step. The optimisers of TensorFlow.js, which `model.fit` uses,
 * know nothing of manifolds and let such a weight drift off, as the code of IDCCP does.
 */
export function sgd({
  momentum = 0.9,
  weightDecay = 1e-4,
  clipNorm = Infinity,
}: { momentum?: number; weightDecay?: number; clipNorm?: number } = {}): Optimizer {
  checkArgument(
    momentum >= 0 && momentum < 1 && weightDecay >= 0,
    () => `sgd: momentum must be in [0,1) and weightDecay not negative, got ${momentum} and ${weightDecay}`,
  );
  checkArgument(clipNorm > 0, () => `sgd: clipNorm must be positive, got ${clipNorm}`);
  const velocities = new Map<string, Tensor>();

  const carried = ({ name, variable }: Move): Tensor => velocities.get(name) ?? zerosLike(variable.read() as Tensor);

  const take = ({ name, variable }: Move, weight: Tensor, velocity: Tensor): void => {
    velocities.get(name)?.dispose();
    velocities.set(name, keep(velocity));
    variable.write(weight);
  };

  const moveAlone = (move: Move, lr: number): void =>
    tidy(() => {
      const { variable, manifold, gradient } = move;
      const weight = variable.read() as Tensor;
      if (manifold) {
        const w = weight as Tensor2D;
        const velocity = alongStiefel(w, add(mul(carried(move), momentum), gradient));
        take(move, retract(w, velocity, lr, manifold.retraction), velocity);
      } else {
        const inputs = { weight, gradient, velocity: carried(move) };
        const [next, velocity] = sgdStep(inputs, { lr, momentum, weightDecay });
        take(move, next!, velocity!);
      }
    });

  const moveVectors = (moves: Move[], lr: number): void =>
    tidy(() => {
      const weights = moves.map(({ variable }) => variable.read() as Tensor);
      const gradients = moves.map(({ gradient }) => gradient);
      const [next, moved] = onJoined([weights, gradients, moves.map(carried)], ([weight, gradient, velocity]) =>
        sgdStep({ weight: weight!, gradient: gradient!, velocity: velocity! }, { lr, momentum, weightDecay }),
      );
      for (const [i, move] of moves.entries()) take(move, next![i]!, moved![i]!);
    });

  return {
    step(parameters, given, lr) {
      const gradients = clipNorm === Infinity ? given : clipped(given, clipNorm);
      const moves = parameters.map((parameter, i) => ({ ...parameter, gradient: gradients[i]! }));
      const vectors = moves.filter(isVector);
      if (vectors.length > 0) moveVectors(vectors, lr);
      for (const move of moves) if (!isVector(move)) moveAlone(move, lr);
      if (gradients !== given) dispose(gradients);
    },
    state: () => new Map(velocities),
    load(state) {
      dispose([...velocities.values()]);
      velocities.clear();
      for (const [name, velocity] of state) velocities.set(name, keep(velocity.clone()));
    },
    dispose() {
      dispose([...velocities.values()]);
      velocities.clear();
    },
  };
}

/** New tensors, the caller's. */
function clipped(gradients: Tensor[], most: number): Tensor[] {
  return tidy(() => {
    const norm = sqrt(addN(gradients.map((gradient) => sum(square(gradient)))));
    const factor = minimum(1, div(most, add(norm, 1e-6)));
    return gradients.map((gradient) => mul(gradient, factor));
  });
}
