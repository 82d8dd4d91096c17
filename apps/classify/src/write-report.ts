import { join } from 'node:path';
import { CovpoolError } from '@covpool/base';
import { writeFileAtomic } from '@covpool/base/node';
import {
  type GradedPicture,
  htmlReport,
  palette,
  pictureGrid,
  pngOfPicture,
  type ReportSection,
  seriesColours,
} from '@covpool/charts';
import { saveChart } from '@covpool/charts/node';
import { baselineOf, byAccuracy, type HeadSummary, summariseHeads, summaryTable } from './head-summary.ts';
import { openDataset } from './open-dataset.ts';
import { dataFolder } from './shipped.ts';
import type { FailedRun } from './run-result.ts';
import type { CompleteRun } from './runs-on-disk.ts';
import type { TrainConfig } from './config.ts';
import { accuracyBars, accuracyChart, confusionChart, lossChart, timeBars } from './report-charts.ts';

/**
 * Writes `report.html`, which stands alone, and its charts as PNG files beside it. Returns the report's path.
 *
 * @param command what made the runs, for people
 * @param failures runs that have no result
 */
export async function writeReport(
  folder: string,
  runs: CompleteRun[],
  command: string,
  failures: FailedRun[] = [],
): Promise<string> {
  const [first] = runs;
  if (!first)
    throw new CovpoolError('bad-input', `report: at least one complete run is required, got none in ${folder}`);
  const summaries = summariseHeads(runs);
  const all = summaries.map(({ head }) => head);
  const heads = legibleHeads(summaries);
  const colours = seriesColours(heads);
  const save = (name: string, svg: string, alt: string) => saveChart(folder, name, svg, alt);
  const sections: ReportSection[] = [
    resultSection(runs, summaries, command, failures),
    ...(all.length > 1
      ? [
          {
            heading: 'Accuracy and time',
            image: [
              await save('top-1', await accuracyBars(summaries, heads, colours), 'top-1 accuracy of each head'),
              await save('ms-per-step', await timeBars(summaries, heads, colours), 'time per step of each head'),
            ],
          },
        ]
      : []),
    {
      heading: 'While training',
      ...(heads.length < all.length ? { text: onlyLegible(heads) } : {}),
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
  const few = heads.length === all.length;
  const title = all.length === 1 ? all[0]! : `${few ? all.join(', ') : `${all.length} heads`} side by side`;
  const path = join(folder, 'report.html');
  await writeFileAtomic(path, htmlReport({ title, subtitle: describeSetting(first), sections }));
  return path;
}

function describeSetting({ card, result }: CompleteRun): string {
  const { backbone, size, epochs, batch } = card.training as TrainConfig;
  return `${backbone} on ${size}×${size} pictures of ${card.classes.length} classes, ${epochs} epochs in batches of ${batch}, on ${result.engine}`;
}

/** As many lines as there are colours to tell them apart: the baseline and the most accurate, in the order of the runs. */
function legibleHeads(summaries: HeadSummary[]): string[] {
  const heads = summaries.map(({ head }) => head);
  const baseline = baselineOf(heads);
  const best = byAccuracy(summaries).map(({ head }) => head);
  const chosen = new Set([baseline, ...best.filter((head) => head !== baseline)].slice(0, palette.length));
  return heads.filter((head) => chosen.has(head));
}

const onlyLegible = (heads: string[]): string =>
  `The baseline and the most accurate others, in the curves and below: ${heads.join(', ')}.`;

function resultSection(
  runs: CompleteRun[],
  summaries: HeadSummary[],
  command: string,
  failures: FailedRun[],
): ReportSection {
  const { header, rows } = summaryTable(summaries);
  const seeds = summaries.map((summary) => summary.seeds);
  const [least, most] = [Math.min(...seeds), Math.max(...seeds)];
  const [{ result }] = runs as [CompleteRun];
  return {
    heading: 'Result',
    text: [
      `Accuracies on ${result.last.samples} validation pictures after the last epoch, in per cent` +
        `${most > 1 ? `: mean and standard deviation over ${least < most ? 'up to ' : ''}${most} seeds` : ''}. ` +
        'The mean class accuracy weighs every class the same, however rare it is. Times are those of the quickest epoch.',
      ...failures.map(({ name, message }) => `${name} failed: ${message}`),
      `Made by: ${command}`,
    ].join('\n\n'),
    table: { columns: header, rows },
  };
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
