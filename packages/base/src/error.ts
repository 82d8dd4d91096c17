import { didYouMean } from './suggest.ts';

/** What went wrong, in one word; command lines map it to an exit code. */
export type ErrorCode =
  | 'bad-argument' // a caller passed a value that can never work
  | 'bad-input' // a file, folder or configuration is not what it should be
  | 'unsupported' // the engine or the platform cannot do it
  | 'non-finite' // a number left the finite range
  | 'interrupted' // the user asked to stop
  | 'io'; // reading or writing failed

/** The one error class of covpool. The message reads `who: what is required, what came; what to do`. */
export class CovpoolError extends Error {
  override readonly name = 'CovpoolError';

  constructor(readonly code: ErrorCode, message: string, options?: { cause?: unknown }) {
    super(message, options);
  }
}

/** Throws a `bad-argument` error unless the condition holds; the message is built only when it does not. */
export function checkArgument(condition: boolean, message: () => string): asserts condition {
  if (!condition) throw new CovpoolError('bad-argument', message());
}

/** Refuses a size or a count that is not a positive whole number. */
export function checkPositiveWhole(who: string, what: string, value: number): void {
  checkArgument(
    Number.isInteger(value) && value > 0,
    () => `${who}: ${what} must be a positive whole number, got ${value}`,
  );
}

/** One line that names an unknown name, lists what exists and, last, what was most likely meant. */
export function unknownName(who: string, what: string, name: string, known: Iterable<string>): CovpoolError {
  const names = [...known].sort();
  const list = names.join(', ') || 'none registered';
  return new CovpoolError(
    'bad-argument',
    `${who}: unknown ${what} '${name}'; known: ${list}${didYouMean(name, names)}`,
  );
}
