import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { lineChart, type Series } from '@covpool/charts';
import { svgToPng } from '@covpool/charts/node';
import type { CaseResult } from '../bench/compare/measure.ts';
import { resultPath } from '../bench/compare/result-path.ts';
import { formatted } from './formatted.ts';
import { type WasmPeak, wasmPeakTable } from './wasm-peak-table.ts';
import { repositoryRoot } from './workspace.ts';

// Fills the tables of docs/performance.md, between its markers, from what the benches left in bench/results, and draws its charts.

interface Cell {
  ms: number;
  megabytes: number;
}

interface Growth {
  machine: { engine: string };
  sweeps: Record<string, [number, number, number][]>;
  rows: { sweep: string; name: string; cells: (Cell | null)[] }[];
}

const read = (name: string): unknown => JSON.parse(readFileSync(resultPath(name), 'utf8'));
const page = join(repositoryRoot, 'docs/performance.md');

function table(header: string[], rows: string[][]): string {
  const line = (cells: string[]): string => `| ${cells.join(' | ')} |`;
  return [line(header), line(header.map(() => '---')), ...rows.map(line)].join('\n');
}

const { results, machine } = read('compare') as { results: CaseResult[]; machine: { processor: string; node: string } };
const ourSides = ['tensorflow', 'wasm', 'wasm, plain SIMD', 'plain tensorflow', 'plain wasm', 'jax-js'] as const;

function ratio({ sides, goals }: CaseResult, name: (typeof ourSides)[number]): string {
  const found = sides.find(({ side }) => side === name);
  if (!found?.ratio) return '–';
  const [median, least, most] = found.ratio;
  const goal = goals[name];
  return `${median} (${least}–${most})${goal ? `, goal ${goal}` : ''}`;
}

const ratios = table(
  ['work', 'PyTorch, ms', ...ourSides],
  results.map((result) => [
    result.name,
    String(result.sides.find(({ side }) => side === 'torch')?.ms ?? '–'),
    ...ourSides.map((side) => ratio(result, side)),
  ]),
);
const peaks = table(
  ['work', 'PyTorch', ...ourSides],
  results.map((result) => [
    result.name,
    ...['torch', ...ourSides].map((name) => {
      const megabytes = result.sides.find(({ side }) => side === name)?.peakMegabytes;
      return megabytes === undefined ? '–' : `${megabytes}`;
    }),
  ]),
);

interface BundleSize {
  name: string;
  absent?: string;
  kilobytes?: number;
  gzipKilobytes?: number;
}

const { sizes } = read('bundle-size') as { sizes: BundleSize[] };
const bundles = table(
  ['a page loads', 'kB', 'kB by gzip'],
  sizes.map(({ name, absent, kilobytes, gzipKilobytes }) =>
    absent === undefined ? [name, `${kilobytes}`, `${gzipKilobytes}`] : [name, absent, '–'],
  ),
);

const growth = read('growth') as Growth;

/** What a sweep varies: the place in a shape, and how the page calls it. */
const axes: Record<string, { place: 0 | 1 | 2; label: string }> = {
  channels: { place: 2, label: 'd' },
  positions: { place: 1, label: 'M' },
  pictures: { place: 0, label: 'B' },
};

function sweepTable(sweep: string): string {
  const { place, label } = axes[sweep]!;
  const shapes = growth.sweeps[sweep]!;
  return table(
    ['normalisation', ...shapes.map((shape) => `${label} = ${shape[place]}`)],
    growth.rows
      .filter((row) => row.sweep === sweep)
      .map(({ name, cells }) => [name, ...cells.map((cell) => (cell ? `${cell.ms} ms, ${cell.megabytes} MB` : '–'))]),
  );
}

/** What a chart of a sweep shows of its cells, on a scale of powers of 2. */
const measures = {
  ms: { suffix: '', title: 'Time', y: 'log₂ of milliseconds' },
  megabytes: { suffix: '-memory', title: 'Memory', y: 'log₂ of megabytes' },
} as const;

function seriesOf(sweep: string, measure: keyof typeof measures): Series[] {
  const { place } = axes[sweep]!;
  return growth.rows
    .filter((row) => row.sweep === sweep)
    .map(({ name, cells }) => ({
      name,
      points: cells.flatMap((cell, i) =>
        cell ? [[Math.log2(growth.sweeps[sweep]![i]![place]), Math.log2(cell[measure])] as const] : [],
      ),
    }));
}

for (const [sweep, { label }] of Object.entries(axes)) {
  for (const [measure, { suffix, title, y }] of Object.entries(measures)) {
    const svg = await lineChart({
      title: `${title} forward and backward by ${sweep}, ${growth.machine.engine}, one thread`,
      x: `log₂ ${label}`,
      y,
      series: seriesOf(sweep, measure as keyof typeof measures),
      height: 340,
    });
    writeFileSync(join(repositoryRoot, `docs/images/growth-${sweep}${suffix}.png`), await svgToPng(svg));
  }
}

const wasmPeaks = ['wasm-peak', 'wasm-peak-plain'].map(read) as [WasmPeak, WasmPeak];
const isProduct = (work: string): boolean => work.includes('product');

const parts: Record<string, string> = {
  machine: `${machine.processor}, Node ${machine.node}; load before each case ${Math.min(
    ...results.map(({ load }) => load),
  )} to ${Math.max(...results.map(({ load }) => load))}.`,
  ratios,
  peaks,
  bundles,
  peak: `Peak: ${wasmPeaks[0].peak} GFLOP/s of one core with relaxed SIMD, ${wasmPeaks[1].peak} without; load of the machine ${wasmPeaks[0].load} and ${wasmPeaks[1].load}.`,
  products: table(...wasmPeakTable(...wasmPeaks, isProduct)),
  convolutions: table(...wasmPeakTable(...wasmPeaks, (work) => !isProduct(work))),
  ...Object.fromEntries(Object.keys(axes).map((sweep) => [sweep, sweepTable(sweep)])),
};
let text = readFileSync(page, 'utf8');
for (const [name, part] of Object.entries(parts)) {
  const between = new RegExp(`(<!-- ${name} -->)[^]*?(<!-- end -->)`);
  if (!between.test(text)) throw new Error(`make-performance: ${page} has no part <!-- ${name} -->`);
  text = text.replace(between, (_, from: string, to: string) => `${from}\n\n${part}\n\n${to}`);
}
writeFileSync(page, formatted(page, text));
