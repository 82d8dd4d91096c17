/** A broken rule: where, which, and what to do about it. */
export interface Problem {
  file: string;
  line: number;
  rule: string;
  message: string;
}

export function formatProblem({ file, line, rule, message }: Problem): string {
  return `${file}:${line}  ${rule}: ${message}`;
}
