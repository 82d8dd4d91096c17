import { deriveSeed } from '@covpool/base';
import type { DetectionTargets } from '@covpool/datasets';
import { conventionsOf, type Detector, totalLoss } from '@covpool/detectors';
import type { Objective } from '@covpool/trainers';
import { mul, type Scalar, tensor4d } from '@tensorflow/tfjs-core';
import type { ObjectShard } from './batches.ts';

/** A detector's losses, each a term to watch; shards weigh as many pictures as they have. */
export function detectionObjective(detector: Detector): Objective<ObjectShard> {
  return async (_model, shard, { seed, step }) => {
    const images = tensor4d(shard.images, shard.shape);
    const targets = shard.targets.map((target) => inConventions(target, detector));
    const batch = { images, pictures: shard.sizes, targets };
    const decisions = await detector
      .decide(batch, { seed: deriveSeed(seed, 'decide', step, shard.shard) })
      .catch((cause: unknown) => {
        images.dispose();
        throw cause;
      });
    const share = shard.count / shard.batchSize;
    return {
      measure() {
        const losses = detector.losses(images, decisions);
        const terms = Object.fromEntries(Object.entries(losses).map(([name, loss]) => [name, mul(loss, share)]));
        return { loss: mul(totalLoss(losses), share) as Scalar, terms };
      },
      dispose: () => images.dispose(),
    };
  };
}

/** Where a box is `x2 − x1 + 1` wide, its last corner is a pixel further in. */
function inConventions(target: DetectionTargets, detector: Detector): DetectionTargets {
  const { extent } = conventionsOf(detector.conventions);
  if (extent === 0) return target;
  const boxes = target.boxes.map((side, i) =>
    i % 4 < 2 ? side : Math.max(side - extent, target.boxes[i - 2]! + 1e-3),
  );
  return { ...target, boxes };
}
