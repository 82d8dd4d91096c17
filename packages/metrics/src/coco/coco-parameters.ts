/** `count` numbers from `first` to `last` as NumPy's linspace rounds them: 0.9 is 0.8999999999999999 among the thresholds. */
function linspace(first: number, last: number, count: number): number[] {
  const step = (last - first) / (count - 1);
  return Array.from({ length: count }, (_, i) => (i === count - 1 ? last : first + i * step));
}

/** The IoU from which a detection counts as right: 0.5, 0.55, …, 0.95. */
export const cocoIouThresholds: readonly number[] = linspace(0.5, 0.95, 10);

/** The recalls at which precision is read: 0, 0.01, …, 1. */
export const cocoRecallLevels: readonly number[] = linspace(0, 1, 101);

/** Of each picture and category the detections beyond these, by score, do not count. */
export const MOST_DETECTIONS = 100;
