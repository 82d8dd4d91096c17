import { join } from 'node:path';
import { writeFileAtomic } from '@covpool/base/node';
import { htmlReport, lineChart, precisionRecall, type ReportImage, type ReportSection } from '@covpool/charts';
import { saveChart } from '@covpool/charts/node';
import type { CocoEvaluation, CocoStats } from '@covpool/metrics';
import { RunFolder } from '@covpool/trainers/node';
import type { DetectorCard } from './card.ts';
import { categoryColours } from './draw.ts';
import { type Evaluated, formatScore, mainStats } from './evaluate.ts';
import type { Task } from './task.ts';
import type { EpochLine } from './train-job.ts';

/** A picture of the report, annotated beside found. */
export interface Drawn {
  png: Uint8Array;
  name: string;
  objects: number;
  found: number;
}

export interface EvaluationReport {
  task: Task;
  card: DetectorCard;
  evaluated: Evaluated;
  drawn: Drawn[];
  /** What was evaluated on what, for people. */
  data: string;
  source: string;
  /** Where the weights came from: if it is a run folder, its curves are shown. */
  run: string;
}

const NUMBERS: (keyof CocoStats)[] = ['AP', 'AP50', 'AP75', 'APs', 'APm', 'APl', 'AR1', 'AR10', 'AR100'];
/** Of the IoU thresholds 0.5, 0.55 … 0.95. */
const SHOWN_THRESHOLDS = [0, 5];

/** Writes `report.html`, which stands alone, and its charts as PNG files beside it. Returns the report's path. */
export async function writeEvaluationReport(folder: string, report: EvaluationReport): Promise<string> {
  const { task, card, evaluated, drawn, data, source, run } = report;
  const save: Save = (name, svg, alt) => saveChart(folder, name, svg, alt);
  const main = evaluated.mask ?? evaluated.box;
  const sections: ReportSection[] = [
    ...resultSections(evaluated),
    {
      heading: 'Precision over recall',
      image: await Promise.all(
        SHOWN_THRESHOLDS.map(async (t) =>
          save(`precision-recall-${50 + 5 * t}`, await curves(main, t, card.classes), 'precision over recall'),
        ),
      ),
    },
  ];
  const lines = (await RunFolder.open(run)
    .metrics()
    .catch(() => [])) as unknown as EpochLine[];
  if (lines.length > 1) sections.push({ heading: 'While training', image: await trainingCharts(lines, save) });
  if (drawn.length > 0) {
    sections.push({
      heading: 'Some pictures',
      text: 'On the left what is annotated, on the right what was found, with scores.',
      image: drawn.map(({ png, name, objects, found }) => {
        const caption = `${name}: ${objects} annotated, ${found} found`;
        return { png, alt: caption, caption, scale: 1, wide: true };
      }),
    });
  }
  const path = join(folder, 'report.html');
  const { AP, AP50 } = mainStats(evaluated.scores);
  const title = `${task.name}: AP ${formatScore(AP)}, AP50 ${formatScore(AP50)}`;
  const subtitle = `${card.detector} on ${card.backbone}, ${source}, on ${data}`;
  await writeFileAtomic(path, htmlReport({ title, subtitle, sections }));
  return path;
}

function resultSections({ scores, box, mask }: Evaluated): ReportSection[] {
  const row = (name: string, stats: CocoStats) => [name, ...NUMBERS.map((key) => formatScore(stats[key]))];
  const { perCategory } = mask ?? box;
  return [
    {
      heading: 'Result',
      text:
        `${scores.objects} objects on ${scores.pictures} pictures. AP is the mean over categories and the IoU thresholds 0.50 to ` +
        '0.95, as COCO has it; s, m and l are objects below 32² pixels, up to 96² and above.',
      table: {
        columns: ['', ...NUMBERS],
        rows: [row('boxes', box.stats), ...(mask ? [row('masks', mask.stats)] : [])],
      },
    },
    {
      heading: 'Category by category',
      table: {
        columns: ['', 'objects', 'AP', 'AP50', 'AR100'],
        rows: perCategory.map(({ id, name, objects, AP, AP50, AR100 }) => {
          return [name ?? String(id), String(objects), ...[AP, AP50, AR100].map(formatScore)];
        }),
      },
    },
  ];
}

/** Precision over recall of each category at the t-th IoU threshold. */
async function curves({ perCategory }: CocoEvaluation, t: number, classes: readonly string[]): Promise<string> {
  const shown = perCategory.filter((category) => category.curves.length > 0).slice(0, 8);
  const named = shown.map((category) => {
    return { name: category.name ?? String(category.id), precision: category.curves[t]!.precision };
  });
  const colours = categoryColours(classes);
  const title = `At an IoU of ${(0.5 + 0.05 * t).toFixed(2)}`;
  if (named.length === 0) return precisionRecall({ title, curves: [{ name: 'nothing to find', precision: [0, 0] }] });
  return precisionRecall({ title, curves: named, colours });
}

type Save = (name: string, svg: string, alt: string) => Promise<ReportImage>;

async function trainingCharts(lines: EpochLine[], save: Save): Promise<ReportImage[]> {
  const names = Object.keys(lines[0]!.terms ?? {});
  const losses = names.map((name) => {
    return { name, points: lines.map(({ epoch, terms }): [number, number] => [epoch, terms?.[name] ?? NaN]) };
  });
  const images = [
    await save(
      'loss',
      await lineChart({ title: 'Training losses', x: 'epoch', y: 'nats; boxes: encoded offsets', series: losses }),
      'losses',
    ),
  ];
  const validated = lines.filter(({ validation }) => validation);
  if (validated.length < 2) return images;
  const series = (['AP', 'AP50'] as const).map((key) => ({
    name: key,
    points: validated.map(({ epoch, validation }): [number, number] => [epoch, 100 * mainStats(validation!)[key]]),
  }));
  const chart = await lineChart({ title: 'Validation', x: 'epoch', y: 'average precision (%)', series });
  return [...images, await save('validation', chart, 'average precision over the epochs')];
}
