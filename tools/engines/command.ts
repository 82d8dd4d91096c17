import { CovpoolError } from '@covpool/base';

/** Runs the body of a script; what a person can mend is said in one line. */
export async function command(body: () => Promise<void>): Promise<void> {
  try {
    await body();
  } catch (cause) {
    const isUsage = String((cause as { code?: unknown }).code).startsWith('ERR_PARSE_ARGS');
    if (!(cause instanceof CovpoolError) && !isUsage) throw cause;
    console.error((cause as Error).message);
    process.exitCode = isUsage ? 2 : 1;
  }
}
