import { resolve } from 'node:path';

/** A path that a user typed. Package runners change the working folder and leave the user's own in `INIT_CWD`. */
export function userPath(path: string): string {
  return resolve(process.env['INIT_CWD'] ?? process.cwd(), path);
}
