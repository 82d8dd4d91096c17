import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { Progress } from '@covpool/base';
import { writeFileAtomic } from '@covpool/base/node';
import type { DetectionDataset } from '@covpool/datasets';
import { cocoFolder } from '@covpool/datasets/node';
import type { CocoResult } from '@covpool/detectors';
import { useEngine } from '@covpool/engines';
import { type DetectorCard, loadDetector, readCard } from './card.ts';
import { dataFolder } from './data-folder.ts';
import { drawObjects, foundObjects, trueObjects } from './draw.ts';
import { type Evaluated, findObjects, scoreObjects, type Scores } from './evaluate.ts';
import { checkSameCategories } from './same-categories.ts';
import type { Task } from './task.ts';
import { type Drawn, writeEvaluationReport } from './write-report.ts';

export interface EvaluationRequest {
  /** A run folder or a model folder. */
  run: string;
  weights?: string | undefined;
  data?: string | undefined;
  checkpoint?: 'last' | 'best' | undefined;
  split: string;
  engine?: string | undefined;
  limit?: number | undefined;
  /** Where the report, the results and the pictures go. */
  out: string;
  /** How many pictures are drawn, and from which score on a result is. */
  pictures: number;
  score: number;
}

/** What `eval` prints for machines. */
export type Evaluation = Scores & {
  engine: string;
  perCategory: { id: number; name?: string; objects: number; AP: number; AP50: number }[];
  report: string;
  results: string;
};

/** Measures a trained detector and writes `report.html`, `detections.json` (COCO's form) and drawn pictures. */
export async function evaluateDetector(
  task: Task,
  request: EvaluationRequest,
  progress: Progress,
): Promise<Evaluation> {
  const { run, split, checkpoint, weights, limit, out } = request;
  // Told before an engine is looked for.
  await readCard(task, run);
  const { name: engine } = await useEngine(request.engine);
  const { detector, card } = await loadDetector(task, run, { checkpoint, weights });
  const data = request.data ?? dataFolder(task, card.training);
  const dataset = await cocoFolder(data, { split, masks: task.masks, ...(limit === undefined ? {} : { limit }) });
  checkSameCategories(data, card, dataset);
  const onStep = (done: number, total: number) => progress.update({ label: 'evaluating', done, total });
  const results = await findObjects(detector, dataset, card, { onStep });
  detector.dispose();
  const evaluated = scoreObjects(dataset, results);
  progress.end();

  await mkdir(out, { recursive: true });
  const file = join(out, 'detections.json');
  await writeFileAtomic(file, `${JSON.stringify(results)}\n`);
  const drawn = await drawExamples(dataset, results, card, request);
  const source = weights ?? (checkpoint === undefined ? run : `${run} (${checkpoint})`);
  const report = await writeEvaluationReport(out, {
    task,
    card,
    evaluated,
    drawn,
    data: `${data}, ${split}`,
    source,
    run,
  });
  const { scores } = evaluated;
  return { ...scores, engine, perCategory: perCategory(evaluated), report, results: file };
}

function perCategory({ box, mask }: Evaluated): Evaluation['perCategory'] {
  return (mask ?? box).perCategory.map(({ id, name, objects, AP, AP50 }) => {
    return { id, ...(name === undefined ? {} : { name }), objects, AP, AP50 };
  });
}

/** Pictures at even distances through the data set, what is there beside what was found. */
async function drawExamples(
  dataset: DetectionDataset,
  results: CocoResult[],
  card: DetectorCard,
  { out, pictures, score }: EvaluationRequest,
): Promise<Drawn[]> {
  const count = Math.min(pictures, dataset.length);
  const drawn: Drawn[] = [];
  if (count > 0) await mkdir(join(out, 'pictures'), { recursive: true });
  for (let i = 0; i < count; i++) {
    const index = Math.floor(((i + 0.5) * dataset.length) / count);
    const { id, file_name } = dataset.picture(index);
    const own = results.filter(({ image_id }) => image_id === id);
    const found = foundObjects(own, { ...card, score });
    const truth = trueObjects(dataset, index);
    const png = await drawObjects(await dataset.read(index), found, { classes: card.classes, truth });
    await writeFileAtomic(join(out, 'pictures', `${id}.png`), png);
    drawn.push({ png, name: file_name, objects: truth.length, found: found.length });
  }
  return drawn;
}
