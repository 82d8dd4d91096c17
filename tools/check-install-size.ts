import { lstatSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { repositoryRoot } from './workspace.ts';

const MOST_MEGABYTES = 400;
/** `blocks` of a file's status counts in these. */
const BLOCK_BYTES = 512;

/** The bytes that a folder takes on the disk; a file that has several names counts once. */
function allocatedBytes(folder: string, seen = new Set<number>()): number {
  let bytes = 0;
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name);
    const { blocks, ino } = lstatSync(path);
    if (!seen.has(ino)) bytes += blocks * BLOCK_BYTES;
    seen.add(ino);
    if (entry.isDirectory()) bytes += allocatedBytes(path, seen);
  }
  return bytes;
}

const megabytes = allocatedBytes(join(repositoryRoot, 'node_modules')) / 1e6;
const said = `node_modules takes ${megabytes.toFixed(0)} MB, ${MOST_MEGABYTES} MB at most`;
if (megabytes <= MOST_MEGABYTES) console.log(said);
else {
  console.error(`install size: ${said}; drop a dependency, or let users who need it install it themselves`);
  process.exitCode = 1;
}
