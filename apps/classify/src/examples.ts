import type { Dataset } from '@covpool/datasets';
import type { Predictions } from '@covpool/trainers';
import { ranked } from './ranked.ts';

/** A picture of the validation split and what a network said. */
export interface Example {
  index: number;
  name: string;
  truth: string;
  /** The three most probable. */
  predictions: { label: string; probability: number }[];
}

const RIGHT = 6;
const WRONG = 6;

/** A few pictures that were recognised and a few that were not, at even distances through the data set. */
export function pickExamples(dataset: Dataset, { logits, labels, classes }: Predictions): Example[] {
  const all = Array.from(labels, (label, index): Example => {
    const row = logits.subarray(index * classes, (index + 1) * classes);
    const predictions = ranked(row, dataset.classes).slice(0, 3);
    return { index, name: dataset.name(index), truth: dataset.classes[label]!, predictions };
  });
  const isRight = ({ truth, predictions }: Example) => predictions[0]!.label === truth;
  const right = all.filter(isRight);
  const wrong = all.filter((example) => !isRight(example));
  return [...spread(right, RIGHT), ...spread(wrong, WRONG)];
}

function spread<T>(items: T[], count: number): T[] {
  const taken = Math.min(items.length, count);
  return Array.from({ length: taken }, (_, i) => items[Math.floor(((i + 0.5) * items.length) / taken)]!);
}
