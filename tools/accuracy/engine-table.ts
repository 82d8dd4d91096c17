import { eigen, type Matrix, scale, seededValues, times, toMatrix, transpose } from '@covpool/testing';
import type { FeatureKind } from './features.ts';
import { derivatives, gradientError, gradientOf, valueError } from './measure.ts';
import { type Subject, subjects } from './subjects.ts';

/** Errors of one function on one kind of features; a gradient is missing where there is none to compare with. */
export interface Errors {
  value: number;
  gradient?: number;
}

export interface SubjectErrors {
  name: string;
  errors: Errors[];
}

interface Reference {
  value: Matrix;
  weights: Matrix;
  along?: ReturnType<typeof derivatives>;
}

/** References do not depend on the engine. */
const references = new Map<string, Reference>();

function referenceOf(
  { name, oracle, exactGradient, scale: small = Infinity }: Subject,
  { name: kind, rows }: FeatureKind,
): Reference {
  const key = `${name} of ${kind}`;
  let reference = references.get(key);
  if (reference) return reference;
  console.error(`float64: ${key}`);
  const value = oracle(rows);
  const weights = toMatrix(seededValues(value.length ** 2, 'weights', value.length), value.length);
  reference = { value, weights };
  // At a covariance that loses rank when it moves, a root has no derivative.
  if (exactGradient && kind !== 'rank one' && kind !== 'zero') {
    reference.along = derivatives(oracle, rows, weights, stepOf(rows, small));
  }
  references.set(key, reference);
  return reference;
}

/** A hundredth of what would change the smallest eigenvalue altogether. */
function stepOf(rows: Matrix, small: number): number {
  const mean = rows[0]!.map((_, j) => rows.reduce((sum, row) => sum + row[j]!, 0) / rows.length);
  const x = rows.map((row) => row.map((value, j) => value - mean[j]!));
  const gram = scale(x.length < mean.length ? times(x, transpose(x)) : times(transpose(x), x), 1 / x.length);
  const { values } = eigen(gram);
  const smallest = values.filter((value) => value > 1e-14 * values[0]!).at(-1)!;
  return 0.01 * Math.min(Math.sqrt(smallest), small);
}

/** All functions on all kinds, on the engine that runs. */
export async function engineTable(kinds: FeatureKind[]): Promise<SubjectErrors[]> {
  const rows: SubjectErrors[] = [];
  for (const subject of subjects) {
    const errors: Errors[] = [];
    for (const kind of kinds) {
      const { value, weights, along } = referenceOf(subject, kind);
      const gradient = along && gradientError(await gradientOf(subject.compute, kind.rows, weights), along);
      errors.push({
        value: await valueError(subject.compute, kind.rows, value),
        ...(gradient === undefined ? {} : { gradient }),
      });
    }
    rows.push({ name: subject.name, errors });
  }
  return rows;
}
