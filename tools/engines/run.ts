import { execFile } from 'node:child_process';
import { CovpoolError, type ErrorCode } from '@covpool/base';

/** Most of a program's output that is kept. */
const MOST_BYTES = 64 * 2 ** 20;

/**
 * Runs a program quietly and gives its output.
 *
 * @param need what it is wanted for and how to get it, for the error where it is missing
 * @param failure the code of its failure: io, or unsupported where failing only means that something is not to be had here
 * @throws unsupported where the program is missing; `failure` if it fails, with the line that says why
 */
export function run(
  who: string,
  [program = '', ...args]: string[],
  need: string,
  failure: ErrorCode = 'io',
): Promise<string> {
  return new Promise((resolve, reject) => {
    execFile(program, args, { maxBuffer: MOST_BYTES }, (error, output, errors) => {
      if (!error) return resolve(output);
      if (error.code === 'ENOENT') {
        return reject(new CovpoolError('unsupported', `${who}: ${program} is required, got none; ${need}`));
      }
      const said = lastLine(errors) || lastLine(output) || error.message;
      reject(new CovpoolError(failure, `${who}: ${program} failed: ${said}; ${need}`));
    });
  });
}

/** Of an error report in several lines the one with the verdict. */
function lastLine(text: string): string {
  const lines = text
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line && !/^(\[?notice|warning|npm warn|npm notice|npm error a complete log)/i.test(line));
  return lines.findLast((line) => /error/i.test(line)) ?? lines.at(-1) ?? '';
}
