import type { BatchJob } from './batch-job.ts';
import type { KernelModule } from './kernel-module.ts';

/** Bytes of so many float32 numbers. */
const bytes = (numbers: number): number => 4 * numbers;

export interface CovarianceAttrs {
  centering: boolean;
}

export interface NewtonSchulzAttrs {
  iterations: number;
  norm: 'trace' | 'frobenius';
  /** Nothing is kept for the gradient. */
  recompute: boolean;
}

export type RowRootAttrs = NewtonSchulzAttrs & CovarianceAttrs;

/** [B,M,d] */
type RowsShape = readonly number[];

export function covarianceJob(
  routines: KernelModule,
  [count, m, d]: RowsShape,
  { centering }: CovarianceAttrs,
  at: { x: number; to: number },
): BatchJob {
  return {
    routine: 'covarianceForward',
    count: count!,
    scratch: routines.covarianceScratch(m!, d!) >>> 0,
    values: (first, part, scratch) => [
      ...[at.x + bytes(first * m! * d!), at.to + bytes(first * d! * d!)],
      ...[part, m!, d!, Number(centering), scratch],
    ],
  };
}

export function covarianceGradientJob(
  routines: KernelModule,
  [count, m, d]: RowsShape,
  { centering }: CovarianceAttrs,
  at: { dy: number; x: number; dx: number },
): BatchJob {
  return {
    routine: 'covarianceGradient',
    count: count!,
    scratch: routines.covarianceScratch(m!, d!) >>> 0,
    values: (first, part, scratch) => [
      ...[at.dy + bytes(first * d! * d!), at.x + bytes(first * m! * d!), at.dx + bytes(first * m! * d!)],
      ...[part, m!, d!, Number(centering), scratch],
    ],
  };
}

/** Bytes that are kept of each matrix of side d, or of rows, whose side is M. */
export function keptBytes(
  routines: KernelModule,
  { iterations, recompute }: NewtonSchulzAttrs,
  side: number,
  ofRows: boolean,
): number {
  return recompute ? 0 : routines.newtonSchulzKept(side, iterations, Number(ofRows)) >>> 0;
}

const keptAt = (address: number, first: number, each: number): number => (each === 0 ? 0 : address + first * each);

/** Addresses of what is kept are 0 with `recompute`. */
export function newtonSchulzJob(
  routines: KernelModule,
  [count, d]: readonly number[],
  attrs: NewtonSchulzAttrs,
  at: { a: number; root: number; kept: number },
): BatchJob {
  const each = keptBytes(routines, attrs, d!, false);
  return {
    routine: 'newtonSchulzForward',
    count: count!,
    scratch: routines.newtonSchulzScratch(d!, attrs.iterations) >>> 0,
    values: (first, part, scratch) => [
      ...[at.a + bytes(first * d! * d!), at.root + bytes(first * d! * d!), keptAt(at.kept, first, each)],
      ...[part, d!, attrs.iterations, Number(attrs.norm === 'frobenius'), scratch],
    ],
  };
}

export function newtonSchulzGradientJob(
  routines: KernelModule,
  [count, d]: readonly number[],
  attrs: NewtonSchulzAttrs,
  at: { dy: number; a: number; kept: number; da: number },
): BatchJob {
  const each = keptBytes(routines, attrs, d!, false);
  return {
    routine: 'newtonSchulzGradient',
    count: count!,
    scratch: routines.newtonSchulzScratch(d!, attrs.iterations) >>> 0,
    values(first, part, scratch) {
      const matrix = bytes(first * d! * d!);
      return [
        ...[at.dy + matrix, at.a + matrix, keptAt(at.kept, first, each), at.da + matrix],
        ...[part, d!, attrs.iterations, Number(attrs.norm === 'frobenius'), scratch],
      ];
    },
  };
}

export function rowRootJob(
  routines: KernelModule,
  [count, m, d]: RowsShape,
  attrs: RowRootAttrs,
  at: { x: number; root: number; kept: number },
): BatchJob {
  const each = keptBytes(routines, attrs, m!, true);
  return {
    routine: 'rowRootForward',
    count: count!,
    scratch: routines.rowRootScratch(m!, d!, attrs.iterations) >>> 0,
    values: (first, part, scratch) => [
      ...[at.x + bytes(first * m! * d!), at.root + bytes(first * d! * d!), keptAt(at.kept, first, each)],
      ...[part, m!, d!, attrs.iterations, Number(attrs.norm === 'frobenius'), Number(attrs.centering), scratch],
    ],
  };
}

export function rowRootGradientJob(
  routines: KernelModule,
  [count, m, d]: RowsShape,
  attrs: RowRootAttrs,
  at: { dy: number; x: number; kept: number; dx: number },
): BatchJob {
  const each = keptBytes(routines, attrs, m!, true);
  return {
    routine: 'rowRootGradient',
    count: count!,
    scratch: routines.rowRootScratch(m!, d!, attrs.iterations) >>> 0,
    values(first, part, scratch) {
      const [rows, matrix] = [bytes(first * m! * d!), bytes(first * d! * d!)];
      return [
        ...[at.dy + matrix, at.x + rows, keptAt(at.kept, first, each), at.dx + rows],
        ...[part, m!, d!, attrs.iterations, Number(attrs.norm === 'frobenius'), Number(attrs.centering), scratch],
      ];
    },
  };
}
