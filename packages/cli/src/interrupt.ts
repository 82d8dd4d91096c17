import { exitCodes } from './exit-code.ts';

/** A job that has not stopped by itself so long after it was asked to hangs. */
const PATIENCE_MS = 60_000;

/** Runs a job that the first Ctrl-C (or SIGTERM) asks to stop, by the signal it is given, and the second one kills. */
export async function withInterrupt<T>(job: (signal: AbortSignal) => Promise<T>, onFirst: () => void): Promise<T> {
  const controller = new AbortController();
  let asked = 0;
  const interrupt = () => {
    // A package runner passes Ctrl-C on although the terminal has sent it to everyone: one press may come twice.
    const now = performance.now();
    if (controller.signal.aborted && now - asked > 300) process.exit(exitCodes.interrupted);
    if (controller.signal.aborted) return;
    asked = now;
    onFirst();
    controller.abort();
    setTimeout(() => process.exit(exitCodes.interrupted), PATIENCE_MS).unref();
  };
  process.on('SIGINT', interrupt);
  process.on('SIGTERM', interrupt);
  try {
    return await job(controller.signal);
  } finally {
    process.off('SIGINT', interrupt);
    process.off('SIGTERM', interrupt);
  }
}
