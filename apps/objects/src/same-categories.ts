import { CovpoolError } from '@covpool/base';

interface Categories {
  classes: readonly string[];
  categoryIds: readonly number[];
}

/** Refuses data whose categories differ from those that a detector knows: its labels would mean something else. */
export function checkSameCategories(where: string, required: Categories, got: Categories): void {
  const list = ({ classes, categoryIds }: Categories) =>
    classes.length > 8
      ? `${classes.length} categories`
      : classes.map((name, label) => `${categoryIds[label]} ${name}`).join(', ') || 'none';
  if (required.categoryIds.join() === got.categoryIds.join()) return;
  throw new CovpoolError(
    'bad-input',
    `data: the categories ${list(required)} are required in ${where}, got ${list(got)}`,
  );
}
