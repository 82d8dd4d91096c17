import { mkdir } from 'node:fs/promises';
import { basename, extname, join } from 'node:path';
import { writeFileAtomic } from '@covpool/base/node';
import { cocoDataset, type Picture } from '@covpool/datasets';
import { decodePicture } from '@covpool/datasets/node';
import type { CocoResult, Detector } from '@covpool/detectors';
import { useEngine } from '@covpool/engines';
import { type DetectorCard, loadDetector, readCard } from './card.ts';
import { drawObjects, foundObjects } from './draw.ts';
import { findObjects } from './evaluate.ts';
import type { Task } from './task.ts';

export interface PredictionRequest {
  run: string;
  weights?: string | undefined;
  checkpoint?: 'last' | 'best' | undefined;
  engine?: string | undefined;
  files: string[];
  out: string;
  /** The least score that is drawn and counted. */
  score: number;
}

/** What was found on one picture. */
export interface Prediction {
  file: string;
  /** The picture's `image_id` in `detections.json`, its place among the files from 1. */
  id: number;
  /** How many objects of each category there are. */
  counts?: Record<string, number>;
  /** The drawing. */
  picture?: string;
  error?: unknown;
}

/**
 * Finds objects on picture files, one after the other: draws each and, at the end or where the caller stops, writes all results to
 * `detections.json` in COCO's form with the files' names. A file that cannot be read holds up no other.
 */
export async function* predictObjects(task: Task, request: PredictionRequest): AsyncGenerator<Prediction> {
  const { run, checkpoint, weights, files, out, score } = request;
  await readCard(task, run);
  await useEngine(request.engine);
  const { detector, card } = await loadDetector(task, run, { checkpoint, weights });
  await mkdir(out, { recursive: true });
  const all: (CocoResult & { file_name: string })[] = [];
  const taken = new Set<string>();
  try {
    for (const [i, file] of files.entries()) {
      const id = i + 1;
      try {
        const picture = await decodePicture(file);
        const results = await findOn(picture, detector, card, id);
        const found = foundObjects(results, { ...card, score });
        all.push(...results.map((result) => ({ ...result, file_name: file })));
        const path = join(out, `${uniqueName(basename(file, extname(file)), taken)}.png`);
        await writeFileAtomic(path, await drawObjects(picture, found, { classes: card.classes }));
        const counts = Object.fromEntries(card.classes.map((name) => [name, 0]));
        for (const { label } of found) counts[label]! += 1;
        yield { file, id, counts, picture: path };
      } catch (error) {
        yield { file, id, error };
      }
    }
  } finally {
    detector.dispose();
    await writeFileAtomic(join(out, 'detections.json'), `${JSON.stringify(all)}\n`);
  }
}

/** What a detector finds on one picture. */
async function findOn(picture: Picture, detector: Detector, card: DetectorCard, id: number): Promise<CocoResult[]> {
  const { width, height } = picture;
  const categories = card.classes.map((name, label) => ({ id: card.categoryIds[label]!, name }));
  const images = [{ id, file_name: 'picture', width, height }];
  const dataset = cocoDataset({ images, annotations: [], categories }, { read: async () => picture });
  return findObjects(detector, dataset, card);
}

/** Pictures of several folders may have one name. */
function uniqueName(name: string, taken: Set<string>): string {
  let unique = name;
  for (let n = 2; taken.has(unique); n++) unique = `${name}-${n}`;
  taken.add(unique);
  return unique;
}
