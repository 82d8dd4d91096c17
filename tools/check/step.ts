import { runCommand } from './run-command.ts';

/** What a step has to say for itself. */
export interface Outcome {
  exitCode: number;
  /** Tests within the step, when it has any. */
  tests?: { passed: number; failed: number };
  /** Why there was nothing to do. */
  skipped?: string;
}

export interface Step {
  name: string;
  run(): Promise<Outcome>;
}

/** A step that is one command. */
export function commandStep(name: string, command: string[], environment: Record<string, string> = {}): Step {
  return {
    name,
    async run() {
      console.log(`$ ${command.join(' ')}`);
      return { exitCode: await runCommand(command, environment) };
    },
  };
}

interface Line {
  name: string;
  verdict: 'passed' | 'failed' | 'skipped';
  seconds: number;
  note: string;
}

/** Runs the steps up to the first that fails, prints a table and, last, `N passed, N failed`; gives the exit code. */
export async function runSteps(steps: Step[]): Promise<number> {
  const lines: Line[] = [];
  const counts = { passed: 0, failed: 0 };
  let exitCode = 0;
  for (const step of steps) {
    console.log(`\n== ${step.name}`);
    const start = performance.now();
    const { exitCode: code, tests, skipped } = await step.run();
    exitCode = code;
    const verdict = code !== 0 ? 'failed' : skipped ? 'skipped' : 'passed';
    if (verdict !== 'skipped') counts[verdict] += 1;
    counts.passed += tests?.passed ?? 0;
    counts.failed += tests?.failed ?? 0;
    const note = skipped ?? (tests ? `${tests.passed} tests passed, ${tests.failed} failed` : '');
    lines.push({ name: step.name, verdict, seconds: (performance.now() - start) / 1000, note });
    if (code !== 0) break;
  }
  const left = steps.slice(lines.length).map(({ name }) => name);
  console.log(`\n${lines.map(formatLine).join('\n')}`);
  if (left.length > 0) console.log(`not run: ${left.join(', ')}`);
  console.log(`\n${counts.passed} passed, ${counts.failed} failed`);
  return exitCode;
}

function formatLine({ name, verdict, seconds, note }: Line): string {
  return `${name.padEnd(14)} ${verdict.padEnd(8)} ${seconds.toFixed(1).padStart(6)} s  ${note}`.trimEnd();
}
