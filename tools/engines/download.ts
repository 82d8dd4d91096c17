import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { mkdir, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { CovpoolError } from '@covpool/base';
import { run } from './run.ts';

/** A file of a registry and the SHA-256 of its bytes. */
export interface Pinned {
  /** `name@version` for npm, `name==version` for pip. */
  package: string;
  sha256: string;
}

/** Takes a package's archive from the npm registry, unpacks it to `<folder>/package`, and gives that folder. */
export async function unpackFromNpm(who: string, pinned: Pinned, folder: string): Promise<string> {
  await mkdir(folder, { recursive: true });
  const need = 'the npm registry is needed; see the settings of npm';
  await run(who, ['npm', 'pack', '--silent', '--pack-destination', folder, pinned.package], need, 'unsupported');
  const archive = await onlyFile(folder, '.tgz');
  await checkSum(who, archive, pinned);
  await run(who, ['tar', '-xzf', archive, '-C', folder], 'install tar');
  return join(folder, 'package');
}

/** Takes a wheel for CPython 3.11 on x86-64 Linux, whatever Python is here: only its C library is used. */
export async function downloadWheel(who: string, pinned: Pinned, folder: string): Promise<string> {
  await mkdir(folder, { recursive: true });
  const advice = 'install Python 3 with pip (Debian: apt-get install python3-pip)';
  await run(who, ['python3', '-m', 'pip', '--version'], advice, 'unsupported');
  const target = ['--python-version', '3.11', '--implementation', 'cp', '--platform', 'manylinux_2_17_x86_64'];
  const pip = ['python3', '-m', 'pip', 'download', '--quiet', '--disable-pip-version-check', '--retries', '2'];
  await run(
    who,
    [...pip, '--no-deps', '--only-binary=:all:', ...target, '--dest', folder, pinned.package],
    'the Python package index is needed; see the settings of pip',
    'unsupported',
  );
  const wheel = await onlyFile(folder, '.whl');
  await checkSum(who, wheel, pinned);
  return wheel;
}

async function onlyFile(folder: string, end: string): Promise<string> {
  const names = (await readdir(folder)).filter((name) => name.endsWith(end));
  return join(folder, names[0]!);
}

/** @throws bad-input where the file is not the one that was pinned */
export async function checkSum(who: string, file: string, { package: name, sha256 }: Pinned): Promise<void> {
  const hash = createHash('sha256');
  await pipeline(createReadStream(file), hash);
  const got = hash.digest('hex');
  if (got === sha256) return;
  throw new CovpoolError(
    'bad-input',
    `${who}: the archive of ${name} must have the SHA-256 ${sha256}, got ${got}; do not use what this registry serves`,
  );
}
