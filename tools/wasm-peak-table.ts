/** What bench/wasm-peak.bench.ts leaves. */
export interface WasmPeak {
  /** GFLOP/s. */
  peak: number;
  load: number;
  rows: { work: string; part: string; share: number }[];
}

const percent = (share: number): string => `${Math.round(100 * share)} %`;

/** Header and rows: the share of the peak that each part of a work reaches, with relaxed SIMD and with plain. */
export function wasmPeakTable(
  relaxed: WasmPeak,
  plain: WasmPeak,
  works: (work: string) => boolean,
): [string[], string[][]] {
  const shown = relaxed.rows.filter(({ work }) => works(work));
  const parts = [...new Set(shown.map(({ part }) => part))];
  const shareOf = ({ rows }: WasmPeak, work: string, part: string): string =>
    percent(rows.find((row) => row.work === work && row.part === part)!.share);
  return [
    ['work', ...parts],
    [...new Set(shown.map(({ work }) => work))].map((work) => [
      work,
      ...parts.map((part) => `${shareOf(relaxed, work, part)}, ${shareOf(plain, work, part)}`),
    ]),
  ];
}
