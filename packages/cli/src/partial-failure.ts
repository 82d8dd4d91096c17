import { CovpoolError, type ErrorCode } from '@covpool/base';

/** A command did a part of its work: `result` is what `--json` prints, and the exit code says that something failed. */
export class PartialFailure extends CovpoolError {
  constructor(code: ErrorCode, message: string, readonly result: unknown) {
    super(code, message);
  }
}
