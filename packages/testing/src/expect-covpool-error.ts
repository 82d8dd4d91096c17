import { CovpoolError, type ErrorCode } from '@covpool/base';
import { expect } from 'vitest';

/** Expects a CovpoolError of this code with one line that matches. */
export async function expectCovpoolError(run: () => unknown, code: ErrorCode, message: RegExp): Promise<void> {
  let thrown: unknown;
  try {
    await run();
  } catch (cause) {
    thrown = cause;
  }
  expect(thrown).toBeInstanceOf(CovpoolError);
  expect((thrown as CovpoolError).message).toMatch(message);
  expect((thrown as CovpoolError).message).not.toContain('\n');
  expect((thrown as CovpoolError).code).toBe(code);
}
