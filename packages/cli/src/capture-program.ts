import type { Program } from './command.ts';
import { runProgram } from './run-program.ts';

/** Runs a command line in this process, not at a terminal, and gives its exit code and what it wrote: for tests. */
export async function captureProgram(
  program: Program,
  argv: string[],
): Promise<{ code: number; out: string; error: string }> {
  const out: string[] = [];
  const error: string[] = [];
  const code = await runProgram(program, argv, {
    stdout: { write: (text) => out.push(text) },
    stderr: { write: (text) => error.push(text) },
  });
  return { code, out: out.join(''), error: error.join('') };
}
