import type { EngineName } from './engine.ts';
import { missingKernels } from './needed-kernels.ts';
import { selfCheck } from './self-check.ts';
import { engines, useEngine } from './use-engine.ts';

/** One row of the doctor's table. */
export interface EngineReport {
  name: EngineName;
  works: boolean;
  version: string;
  /** What it runs on, or why it does not work. */
  detail: string;
  missingKernels: string[];
  /** Relative error of the gradient self-check; absent where the engine does not work. */
  gradientError?: number;
  gradientOk?: boolean;
  /** What to do to get it. */
  remedy?: string;
}

/**
 * Tries every engine in turn and reports; afterwards the fastest that works is running.
 *
 * @param onEngine is told how many engines are done before each one, for progress
 */
export async function doctor(
  onEngine?: (done: number, total: number) => void,
): Promise<{ chosen: EngineName; why: string; engines: EngineReport[] }> {
  const reports: EngineReport[] = [];
  for (const [done, { name, absent, start }] of engines.entries()) {
    onEngine?.(done, engines.length);
    const attempt = absent?.() ?? (await start());
    if (!attempt.ok) {
      const { reason: detail, remedy } = attempt;
      reports.push({ name, works: false, version: '', detail, missingKernels: [], remedy });
      continue;
    }
    const { ok, difference } = await selfCheck();
    reports.push({
      name,
      works: true,
      version: attempt.version,
      detail: attempt.detail,
      missingKernels: missingKernels(attempt.backend),
      gradientError: difference,
      gradientOk: ok,
    });
  }
  const chosen = await useEngine();
  return { chosen: chosen.name, why: chosen.why, engines: reports };
}
