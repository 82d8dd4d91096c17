/**
 * The fixed table of positions (Vaswani et al. 2017), row by row: `PE[p,2i] = sin(p/10000^(2i/C))`, `PE[p,2i+1] = cos(…)` of the same
 * angle.
 */
export function sinusoids(positions: number, channels: number): number[] {
  return Array.from({ length: positions * channels }, (_, at) => {
    const [p, channel] = [Math.floor(at / channels), at % channels];
    const angle = p / 10_000 ** ((2 * Math.floor(channel / 2)) / channels);
    return channel % 2 === 0 ? Math.sin(angle) : Math.cos(angle);
  });
}
