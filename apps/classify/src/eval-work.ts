import { join } from 'node:path';
import { readFile } from 'node:fs/promises';
import { CovpoolError, type Progress } from '@covpool/base';
import { resolveConfig } from '@covpool/cli';
import { useEngine } from '@covpool/engines';
import { buildClassifier, type ClassifierCard, FORMAT, readCard, readWeightsCard, weightsFile } from './classifier.ts';
import { completeConfig } from './complete-config.ts';
import { trainConfigSchema } from './config.ts';
import { answers, score, type Scores } from './evaluate.ts';
import { evaluationProgress } from './evaluation-progress.ts';
import { checkSameClasses, openDataset, type Split } from './open-dataset.ts';
import { dataFolder } from './shipped.ts';
import { isNumbered, type NetworkChoice, weightsCard } from './network-choice.ts';
import { takeWeights } from './take-weights.ts';
import { trainingCard } from './train-jobs.ts';
import { openWeights, type Weights } from './weights-source.ts';

export interface EvaluationRequest {
  run?: string | undefined;
  weights?: string | undefined;
  config?: string | undefined;
  data?: string | undefined;
  checkpoint: 'last' | 'best';
  split: Split;
  engine?: string | undefined;
  /** Which network the weights are of, where there is neither run nor config. */
  network: NetworkChoice;
}

/** What `eval` prints for machines. */
export type Evaluation = Scores & { classes: string[]; data: string; weights: string };

/** Scores of a trained network on one split of a data folder. */
export async function evaluateClassifier(
  request: EvaluationRequest,
  { progress, live, print }: { progress: Progress; live: boolean; print: (text: string) => void },
): Promise<Evaluation> {
  const { run, checkpoint, split, engine } = request;
  await useEngine(engine);
  const from = request.weights ?? weightsFile(run!, checkpoint);
  const known = await knownCard(request);
  const weights = await openWeights(from, checkpoint);
  const described = known ?? describeWeights(request, weights);
  const data = request.data ?? dataFolder(described.training);
  const dataset = await openDataset(data, split);
  const card = described.classes.length > 0 ? described : { ...described, classes: [...dataset.classes] };
  checkSameClasses(data, card.classes, dataset.classes);
  const model = buildClassifier(card);
  takeWeights(model, weights.tensors, from, print);
  const onStep = evaluationProgress(dataset.length, { progress, live });
  const scores = score(await answers(model, dataset, card.input, { onStep }));
  progress.end();
  return { ...scores, classes: card.classes, data: join(data, split), weights: from };
}

/** The card of a run or of a configuration. */
async function knownCard(request: EvaluationRequest): Promise<ClassifierCard | undefined> {
  const { run, config, checkpoint } = request;
  if (run !== undefined) return readWeightsCard(run, checkpoint);
  return config === undefined ? undefined : cardOfConfig(request);
}

/** The card of weights; their classes, unless they have names, are those of the data. */
function describeWeights({ network }: EvaluationRequest, weights: Weights): ClassifierCard {
  const card = weightsCard('eval', weights, network, []);
  if (!card) {
    throw new CovpoolError(
      'bad-argument',
      'eval: these weights come without a description; give --backbone and --pool',
    );
  }
  return isNumbered(card.classes) ? { ...card, classes: [] } : card;
}

/** A card file as it is, or one made from a training configuration; the classes are then those of the data. */
async function cardOfConfig({ config, data }: EvaluationRequest): Promise<ClassifierCard> {
  const text = await readFile(config!, 'utf8').catch(() => '');
  if (text.includes(FORMAT)) return readCard(join(config!, '..'));
  const choices = await resolveConfig(trainConfigSchema, { file: config, options: { data } });
  return trainingCard(completeConfig(choices), []);
}
