import { checkArgument, checkPositiveWhole, CovpoolError } from '@covpool/base';

/** What a confusion matrix is on disk: `counts[label][predicted]`. */
export interface ConfusionMatrixJson {
  counts: number[][];
}

/**
 * Counts of (label, predicted) pairs, and the accuracies that follow from them. Rows are labels, columns predictions.
 *
 * ```ts
 * const matrix = new ConfusionMatrix(3);
 * matrix.add(0, 0);
 * matrix.add(2, 1);
 * matrix.accuracy; // 0.5
 * ```
 */
export class ConfusionMatrix {
  readonly #counts: Float64Array;

  constructor(readonly classes: number) {
    checkPositiveWhole('ConfusionMatrix', 'classes', classes);
    this.#counts = new Float64Array(classes * classes);
  }

  /** Reads what `toJSON` wrote; `bad-input` if the rows are ragged or a count is not a whole number ≥ 0. */
  static fromJSON(json: ConfusionMatrixJson): ConfusionMatrix {
    const rows: unknown = json?.counts;
    if (!Array.isArray(rows) || rows.length === 0) throw badJson('counts must be a non-empty list of rows', rows);
    const matrix = new ConfusionMatrix(rows.length);
    rows.forEach((row: unknown, label) => {
      if (!Array.isArray(row) || row.length !== rows.length)
        throw badJson(`row ${label} must have ${rows.length}`, row);
      row.forEach((count: unknown, predicted) => {
        if (!Number.isSafeInteger(count) || (count as number) < 0) {
          throw badJson(`count [${label}][${predicted}] must be a whole number, at least 0`, count);
        }
        matrix.#counts[label * rows.length + predicted] = count as number;
      });
    });
    return matrix;
  }

  /** Counts one sample. */
  add(label: number, predicted: number): void {
    const isClass = (c: number): boolean => Number.isInteger(c) && c >= 0 && c < this.classes;
    checkArgument(
      isClass(label) && isClass(predicted),
      () => `ConfusionMatrix.add: classes must be in 0…${this.classes - 1}, got label ${label}, predicted ${predicted}`,
    );
    this.#counts[label * this.classes + predicted]! += 1;
  }

  /** Adds the counts of another matrix, as from another worker. */
  merge(other: ConfusionMatrix): void {
    checkArgument(
      other.classes === this.classes,
      () => `ConfusionMatrix.merge: both must have ${this.classes} classes, got ${other.classes}`,
    );
    other.#counts.forEach((count, i) => (this.#counts[i]! += count));
  }

  /** A copy of the counts, `counts[label][predicted]`. */
  get counts(): number[][] {
    const rows = Array.from({ length: this.classes }, (_, i) => i * this.classes);
    return rows.map((start) => [...this.#counts.subarray(start, start + this.classes)]);
  }

  /** How many samples were counted. */
  get total(): number {
    return this.#counts.reduce((sum, count) => sum + count, 0);
  }

  /** The share of samples on the diagonal, in 0…1; NaN before anything was added. */
  get accuracy(): number {
    let hits = 0;
    for (let c = 0; c < this.classes; c++) hits += this.#counts[c * this.classes + c]!;
    return hits / this.total;
  }

  /** Per label the share that was recognised, in 0…1; NaN for a class that never occurred. */
  get perClassRecall(): number[] {
    return this.counts.map((row, label) => row[label]! / row.reduce((sum, count) => sum + count, 0));
  }

  /** The mean of the recalls of the classes that occurred: every class weighs the same, however rare. NaN if none did. */
  get meanClassAccuracy(): number {
    const recalls = this.perClassRecall.filter((recall) => !Number.isNaN(recall));
    return recalls.reduce((sum, recall) => sum + recall, 0) / recalls.length;
  }

  toJSON(): ConfusionMatrixJson {
    return { counts: this.counts };
  }
}

function badJson(required: string, got: unknown): CovpoolError {
  return new CovpoolError(
    'bad-input',
    `ConfusionMatrix.fromJSON: ${required}, got ${JSON.stringify(got) ?? 'nothing'}`,
  );
}
