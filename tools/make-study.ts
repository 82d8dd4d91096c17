import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { barChart, lineChart } from '@covpool/charts';
import { svgToPng } from '@covpool/charts/node';
import { repositoryRoot } from './workspace.ts';

// Prints the tables of docs/study.md and draws its charts into docs/images, from folders that `classify compare` made and
// from what bench/pooling-steps.bench.ts printed:
//   make-study.ts <comparison> <roots in float32> <comparison on other pictures> <steps.json>

interface Run {
  head: string;
  seed: number;
  top1: number;
  meanClass: number;
  parameters: number;
  curve: number[];
  trainLoss: number;
}

function readRuns(folder: string): Run[] {
  return readdirSync(folder, { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .flatMap(({ name }) => {
      const path = join(folder, name);
      if (!readdirSync(path).includes('result.json')) return [];
      const result = JSON.parse(readFileSync(join(path, 'result.json'), 'utf8')) as {
        seed: number;
        parameters: number;
        last: { top1: number; meanClassAccuracy: number };
      };
      const lines = readFileSync(join(path, 'metrics.jsonl'), 'utf8').trim().split('\n');
      const epochs = lines.map((line) => JSON.parse(line) as { loss: number; validation: { top1: number } });
      return [
        {
          head: name.replace(/-seed\d+$/, ''),
          seed: result.seed,
          top1: result.last.top1,
          meanClass: result.last.meanClassAccuracy,
          parameters: result.parameters,
          curve: epochs.map(({ validation }) => validation.top1),
          trainLoss: epochs.at(-1)!.loss,
        },
      ];
    });
}

const mean = (values: number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;

const deviation = (values: number[]): number =>
  Math.sqrt(values.reduce((sum, value) => sum + (value - mean(values)) ** 2, 0) / (values.length - 1));

const percent = (value: number): string => (100 * value).toFixed(1);

interface Head {
  head: string;
  runs: Run[];
  top1: number;
}

/** Heads by accuracy, the best first. */
function headsOf(runs: Run[]): Head[] {
  return [...new Set(runs.map(({ head }) => head))]
    .map((head) => {
      const own = runs.filter((run) => run.head === head).sort((p, q) => p.seed - q.seed);
      return { head, runs: own, top1: mean(own.map(({ top1 }) => top1)) };
    })
    .sort((p, q) => q.top1 - p.top1);
}

/** Epochs until GAP's last accuracy of the same seed; nothing where a seed never gets there. */
function epochsToGap({ runs }: Head, gap: Head): string {
  const epochs = runs.map(({ seed, curve }) => {
    const goal = gap.runs.find((run) => run.seed === seed)!.top1;
    const epoch = curve.findIndex((value) => value >= goal);
    return epoch < 0 ? '–' : String(epoch + 1);
  });
  return epochs.join(', ');
}

function table(header: string[], rows: string[][]): string {
  const line = (cells: string[]): string => `| ${cells.join(' | ')} |`;
  return [line(header), line(header.map(() => '---')), ...rows.map(line)].join('\n');
}

function accuracyRows(heads: Head[], ratios: Map<string, number>): string[][] {
  const gap = heads.find(({ head }) => head === 'gap')!;
  return heads.map((head) => [
    `\`${head.head}\``,
    head.runs[0]!.parameters.toLocaleString('en-US'),
    percent(head.top1) + (head.runs.length > 1 ? ` ± ${percent(deviation(head.runs.map(({ top1 }) => top1)))}` : ''),
    head.runs.map(({ top1 }) => percent(top1)).join(', '),
    percent(mean(head.runs.map(({ meanClass }) => meanClass))),
    mean(head.runs.map(({ trainLoss }) => trainLoss)).toFixed(2),
    epochsToGap(head, gap),
    ...(ratios.size > 0 ? [ratios.get(head.head)?.toFixed(2) ?? '–'] : []),
  ]);
}

const header = ['head', 'parameters', 'top-1 %', 'by seed', 'mean class %', 'training loss', "epochs to GAP's"];

async function draw(name: string, svg: string): Promise<void> {
  writeFileSync(join(repositoryRoot, 'docs/images', `${name}.png`), await svgToPng(svg));
}

const [study = '', single = '', other = '', steps = ''] = process.argv.slice(2);
const bench = JSON.parse(readFileSync(steps, 'utf8')) as { rows: { name: string; ratio: number }[] };
const ratios = new Map(bench.rows.map(({ name, ratio }) => [name, ratio]));
const heads = headsOf(readRuns(study));
console.log(`${table([...header, 'time of a step, GAP = 1'], accuracyRows(heads, ratios))}\n`);
const otherHeads = headsOf(readRuns(other));
console.log(`${table(header, accuracyRows(otherHeads, new Map()))}\n`);

await draw(
  'study-accuracy',
  await barChart({
    title: 'Materials, 15 epochs: top-1 of every pooling',
    x: 'top-1 accuracy, %',
    bars: heads.map(({ head, runs, top1 }) => ({
      name: runs.length > 1 ? `${head} (${runs.length} seeds)` : head,
      value: 100 * top1,
      ...(runs.length > 1 ? { error: 100 * deviation(runs.map((run) => run.top1)) } : {}),
    })),
  }),
);
await draw(
  'study-time',
  await barChart({
    title: 'Time of a training step, wasm, one thread',
    x: 'times that of GAP',
    bars: [...bench.rows].sort((p, q) => p.ratio - q.ratio).map(({ name, ratio }) => ({ name, value: ratio })),
  }),
);

const firstSeed = (name: string): Run => heads.find(({ head }) => head === name)!.runs[0]!;
const roots = [
  ...headsOf(readRuns(single)).map(({ head, runs }) => ({ ...runs[0]!, head: `${head}, float32` })),
  ...['svd', 'svd-exact', 'svd-trunc', 'svd-pade'].map((name) => ({ ...firstSeed(name), head: `${name}, float64` })),
  { ...firstSeed('isqrt'), head: 'isqrt, float32' },
  { ...firstSeed('cov'), head: 'cov (no root)' },
].sort((p, q) => q.top1 - p.top1);
console.log(
  table(
    ['root', 'top-1 %', 'mean class %', 'training loss'],
    roots.map(({ head, top1, meanClass, trainLoss }) => [
      head,
      percent(top1),
      percent(meanClass),
      trainLoss.toFixed(2),
    ]),
  ),
);
await draw(
  'study-roots',
  await lineChart({
    title: 'The root of the covariance: accurate and approximate (seed 0)',
    x: 'epoch',
    y: 'validation top-1, %',
    series: roots.map(({ head, curve }) => ({ name: head, points: curve.map((value, i) => [i + 1, 100 * value]) })),
  }),
);
