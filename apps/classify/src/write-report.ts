import { join } from 'node:path';
import { CovpoolError } from '@covpool/base';
import { writeFileAtomic } from '@covpool/base/node';
import {
  confusionMatrix,
  type GradedPicture,
  htmlReport,
  lineChart,
  pictureGrid,
  pngOfPicture,
  type ReportImage,
  type ReportSection,
  seriesColours,
  type SeriesColours,
} from '@covpool/charts';
import { svgToPng } from '@covpool/charts/node';
import { ConfusionMatrix } from '@covpool/metrics';
import { percent } from './evaluate.ts';
import { baselineOf, summariseHeads, summaryTable } from './head-summary.ts';
import { openDataset } from './open-dataset.ts';
import { dataFolder } from './shipped.ts';
import type { CompleteRun } from './runs-on-disk.ts';
import type { TrainConfig } from './config.ts';
import type { EpochLine } from './train-jobs.ts';

/**
 * Writes `report.html`, which stands alone, and its charts as PNG files beside it. Returns the report's path.
 *
 * @param command what made the runs, for people
 */
export async function writeReport(folder: string, runs: CompleteRun[], command: string): Promise<string> {
  const [first] = runs;
  if (!first)
    throw new CovpoolError('bad-input', `report: at least one complete run is required, got none in ${folder}`);
  const heads = [...new Set(runs.map(({ head }) => head))];
  const colours = seriesColours(heads);
  const save = async (name: string, svg: string, alt: string): Promise<ReportImage> => {
    const png = await svgToPng(svg);
    await writeFileAtomic(join(folder, `${name}.png`), png);
    return { png, alt };
  };
  const sections: ReportSection[] = [
    resultSection(runs, command),
    {
      heading: 'While training',
      image: [
        await save('accuracy', await accuracyChart(runs, heads, colours), 'validation accuracy over the epochs'),
        await save('loss', await lossChart(runs, heads, colours), 'training loss over the epochs'),
      ],
    },
    {
      heading: 'What is mistaken for what',
      image: await Promise.all(
        heads.map(async (head) =>
          save(`confusion-${head}`, await confusionChart(runs, head), `confusion matrix of ${head}`),
        ),
      ),
    },
  ];
  for (const head of heads) {
    const pictures = await gradedPictures(runs.find((run) => run.head === head)!);
    if (!pictures) continue;
    await save(`pictures-${head}`, pictureGrid({ title: `${head}: some validation pictures`, pictures }), '');
    sections.push({ heading: `Some pictures: ${head}`, grid: pictures });
  }
  const title = heads.length > 1 ? `${heads.join(', ')} side by side` : heads[0]!;
  const path = join(folder, 'report.html');
  await writeFileAtomic(path, htmlReport({ title, subtitle: describeSetting(first), sections }));
  return path;
}

function describeSetting({ card, result }: CompleteRun): string {
  const { backbone, size, epochs, batch } = card.training as TrainConfig;
  return `${backbone} on ${size}×${size} pictures of ${card.classes.length} classes, ${epochs} epochs in batches of ${batch}, on ${result.engine}`;
}

function resultSection(runs: CompleteRun[], command: string): ReportSection {
  const { header, rows } = summaryTable(summariseHeads(runs));
  const seeds = new Set(runs.map(({ seed }) => seed)).size;
  const [{ result }] = runs as [CompleteRun];
  return {
    heading: 'Result',
    text: [
      `Accuracies on ${result.last.samples} validation pictures after the last epoch, in per cent` +
        `${seeds > 1 ? `: mean and standard deviation over ${seeds} seeds` : ''}. ` +
        'The mean class accuracy weighs every class the same, however rare it is.',
      `Made by: ${command}`,
    ].join('\n\n'),
    table: { columns: header, rows },
  };
}

/** The mean over the seeds, epoch by epoch. */
function meanCurve(runs: CompleteRun[], head: string, value: (line: EpochLine) => number): [number, number][] {
  const own = runs.filter((run) => run.head === head);
  const epochs = Math.min(...own.map(({ lines }) => lines.length));
  return Array.from({ length: epochs }, (_, i) => {
    return [i + 1, own.reduce((sum, { lines }) => sum + value(lines[i]!), 0) / own.length];
  });
}

async function accuracyChart(runs: CompleteRun[], heads: string[], colours: SeriesColours): Promise<string> {
  const curve = (head: string) => meanCurve(runs, head, ({ validation }) => 100 * validation.top1);
  const baseline = baselineOf(heads);
  const [epoch, value] = curve(baseline).at(-1)!;
  return lineChart({
    title: 'Validation accuracy',
    x: 'epoch',
    y: 'top-1 (%)',
    series: heads.map((name) => ({ name, points: curve(name) })),
    colours,
    ...(heads.length > 1
      ? { target: { value, label: `${baseline} after ${epoch} epochs: ${value.toFixed(1)} %` } }
      : {}),
  });
}

async function lossChart(runs: CompleteRun[], heads: string[], colours: SeriesColours): Promise<string> {
  const series = heads.map((name) => ({ name, points: meanCurve(runs, name, ({ loss }) => loss) }));
  return lineChart({ title: 'Training loss', x: 'epoch', y: 'cross-entropy (nats)', series, colours });
}

async function confusionChart(runs: CompleteRun[], head: string): Promise<string> {
  const own = runs.filter((run) => run.head === head);
  const { classes } = own[0]!.card;
  const sum = new ConfusionMatrix(classes.length);
  for (const { result } of own) sum.merge(ConfusionMatrix.fromJSON(result.last.confusion));
  return confusionMatrix({ title: `${head}: ${percent(sum.accuracy)} % recognised`, classes, counts: sum.counts });
}

/** The examples of a run with their pictures; nothing if the data has gone. */
async function gradedPictures({ card, result }: CompleteRun): Promise<GradedPicture[] | undefined> {
  const { limit } = card.training as TrainConfig;
  try {
    const dataset = await openDataset(dataFolder(card.training), 'val', limit);
    return await Promise.all(
      result.examples.map(async ({ index, truth, predictions }) => {
        return { png: await pngOfPicture(await dataset.read(index)), truth, predictions };
      }),
    );
  } catch {
    return undefined;
  }
}
