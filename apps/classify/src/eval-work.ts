import { join } from 'node:path';
import { readFile } from 'node:fs/promises';
import type { Progress } from '@covpool/base';
import { resolveConfig } from '@covpool/cli';
import { useEngine } from '@covpool/engines';
import {
  buildClassifier,
  type ClassifierCard,
  FORMAT,
  loadWeights,
  readCard,
  readWeightsCard,
  weightsFile,
} from './classifier.ts';
import { completeConfig } from './complete-config.ts';
import { trainConfigSchema } from './config.ts';
import { answers, score, type Scores } from './evaluate.ts';
import { checkSameClasses, openDataset, type Split } from './open-dataset.ts';
import { dataFolder } from './shipped.ts';
import { cardOf } from './train-jobs.ts';

export interface EvaluationRequest {
  run?: string | undefined;
  weights?: string | undefined;
  config?: string | undefined;
  data?: string | undefined;
  checkpoint: 'last' | 'best';
  split: Split;
  engine?: string | undefined;
}

/** What `eval` prints for machines. */
export type Evaluation = Scores & { classes: string[]; data: string; weights: string };

/** Scores of a trained network on one split of a data folder. */
export async function evaluateClassifier(request: EvaluationRequest, progress: Progress): Promise<Evaluation> {
  const { run, checkpoint, split, engine } = request;
  await useEngine(engine as Parameters<typeof useEngine>[0]);
  const described = run === undefined ? await cardOfConfig(request) : await readWeightsCard(run, checkpoint);
  const data = request.data ?? dataFolder(described.training);
  const dataset = await openDataset(data, split);
  const card = described.classes.length > 0 ? described : { ...described, classes: [...dataset.classes] };
  checkSameClasses(data, card.classes, dataset.classes);
  const weights = request.weights ?? weightsFile(run!, checkpoint);
  const model = buildClassifier(card);
  await loadWeights(model, weights);
  const label = 'evaluating';
  const onStep = (done: number, total: number) => progress.update({ label, done, total });
  const scores = score(await answers(model, dataset, card.input, { onStep }));
  progress.end();
  return { ...scores, classes: card.classes, data: join(data, split), weights };
}

/** A card file as it is, or one made from a training configuration; the classes are then those of the data. */
async function cardOfConfig({ config, data }: EvaluationRequest): Promise<ClassifierCard> {
  const text = await readFile(config!, 'utf8').catch(() => '');
  if (text.includes(FORMAT)) return readCard(join(config!, '..'));
  const choices = await resolveConfig(trainConfigSchema, { file: config, options: { data } });
  return cardOf(completeConfig(choices), []);
}
