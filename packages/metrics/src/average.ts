import { checkArgument } from '@covpool/base';

/**
 * A running mean weighted by counts, as for a loss over batches of unequal size: Σ value·count / Σ count.
 *
 * ```ts
 * const loss = new Average();
 * loss.add(2, 64); // the mean over a batch of 64
 * loss.add(1, 32);
 * loss.mean; // 1.666…
 * ```
 */
export class Average {
  #sum = 0;
  #count = 0;

  /** Adds the mean `value` of `count` samples. NaN and infinities are kept: a mean must not hide that something broke. */
  add(value: number, count = 1): void {
    checkArgument(
      Number.isFinite(count) && count >= 0,
      () => `Average.add: count must be finite and at least 0, got ${count}`,
    );
    if (count === 0) return;
    this.#sum += value * count;
    this.#count += count;
  }

  /** Adds what another average has seen. */
  merge(other: Average): void {
    this.#sum += other.#sum;
    this.#count += other.#count;
  }

  get count(): number {
    return this.#count;
  }

  /** NaN before anything was added. */
  get mean(): number {
    return this.#sum / this.#count;
  }
}
