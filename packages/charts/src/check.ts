import { checkArgument, CovpoolError } from '@covpool/base';

export function checkFinite(who: string, what: () => string, value: number): void {
  if (Number.isFinite(value)) return;
  throw new CovpoolError('non-finite', `${who}: ${what()} must be a finite number, got ${value}`);
}

export function checkNames(who: string, what: string, names: readonly string[]): void {
  checkArgument(names.length > 0, () => `${who}: at least one ${what} is required, got none`);
  const twice = names.find((name, i) => names.indexOf(name) !== i);
  checkArgument(twice === undefined, () => `${who}: each ${what} needs a name of its own, got '${twice}' twice`);
}

/** The number of columns that every row has. */
export function checkMatrix(who: string, matrix: readonly ArrayLike<number>[]): number {
  const columns = matrix[0]?.length ?? 0;
  checkArgument(
    columns > 0,
    () => `${who}: a matrix with at least one row and one column is required, got an empty one`,
  );
  matrix.forEach((row, i) => {
    checkArgument(
      row.length === columns,
      () => `${who}: every row must have as many columns as the first (${columns}), got ${row.length} in row ${i}`,
    );
    for (let j = 0; j < columns; j++) checkFinite(who, () => `entry [${i}][${j}]`, row[j]!);
  });
  return columns;
}
