import { CovpoolError, type ErrorCode } from '@covpool/base';

/** What a command line tells its caller. */
export const exitCodes = { done: 0, failure: 1, badInput: 2, interrupted: 130 } as const;

const byCode: Partial<Record<ErrorCode, number>> = {
  'bad-argument': exitCodes.badInput,
  'bad-input': exitCodes.badInput,
  unsupported: exitCodes.badInput,
  interrupted: exitCodes.interrupted,
};

/** The exit code for whatever was thrown. */
export function exitCodeOf(thrown: unknown): number {
  return (thrown instanceof CovpoolError ? byCode[thrown.code] : undefined) ?? exitCodes.failure;
}
