import { Random } from '@covpool/base';

/**
 * The batches of an epoch, each of pictures that are all wider than high or all not, so that little is padded. The order is a
 * function of (seed, epoch): each of the two groups is shuffled, filled up with pictures drawn from itself until its batches are
 * full, and cut; then the batches are shuffled (the rule of mmdetection's GroupSampler). Without `shuffle` pictures keep their order,
 * nothing is filled up, and the last batch of a group may be smaller.
 *
 * @param wide Whether the picture is wider than high.
 */
export function batchOrder(
  wide: readonly boolean[],
  { batchSize, epoch, seed, shuffle }: { batchSize: number; epoch: number; seed: number; shuffle: boolean },
): number[][] {
  const batches: number[][] = [];
  for (const group of [false, true]) {
    const members = wide.flatMap((isWide, index) => (isWide === group ? [index] : []));
    if (members.length === 0) continue;
    const order = shuffle ? filledUp(members, batchSize, new Random(seed, 'order', epoch, String(group))) : members;
    for (let at = 0; at < order.length; at += batchSize) batches.push(order.slice(at, at + batchSize));
  }
  return shuffle ? new Random(seed, 'batches', epoch).shuffle(batches) : batches;
}

function filledUp(members: number[], batchSize: number, random: Random): number[] {
  const order = random.shuffle([...members]);
  while (order.length % batchSize !== 0) order.push(members[random.integer(members.length)]!);
  return order;
}
