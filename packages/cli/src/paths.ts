import { resolve } from 'node:path';

/** A path that a user typed, if one was. Package runners change the working folder and leave the user's own in `INIT_CWD`. */
export function userPath(path: string): string;
export function userPath(path: string | undefined): string | undefined;
export function userPath(path: string | undefined): string | undefined {
  return path === undefined ? undefined : resolve(process.env['INIT_CWD'] ?? process.cwd(), path);
}
