export interface NiceScale {
  domain: [number, number];
  ticks: number[];
  /** A format for the ticks, in the language of d3-format. */
  format: string;
}

/** A scale whose ends and ticks are multiples of 1, 2 or 5 times a power of ten, with about `count` steps. */
export function niceScale(low: number, high: number, count = 5): NiceScale {
  if (low === high) {
    const room = Math.abs(low) * 0.1 || 1;
    return niceScale(low - room, high + room, count);
  }
  const rough = (high - low) / count;
  const power = 10 ** Math.floor(Math.log10(rough));
  const factor = [1, 2, 5, 10].find((f) => f * power >= rough * (1 - 1e-9)) ?? 10;
  const step = factor * power;
  const first = Math.floor(low / step + 1e-9);
  const last = Math.ceil(high / step - 1e-9);
  const ticks = Array.from({ length: last - first + 1 }, (_, i) => (first + i) * step);
  const decimals = Math.max(0, -Math.floor(Math.log10(step) + 1e-9));
  const largest = Math.max(Math.abs(ticks[0]!), Math.abs(ticks.at(-1)!));
  const format = largest >= 1e5 ? '~s' : decimals > 4 ? '.1~e' : `.${decimals}f`;
  return { domain: [ticks[0]!, ticks.at(-1)!], ticks, format };
}
