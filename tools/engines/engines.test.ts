import { existsSync } from 'node:fs';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expectCovpoolError } from '@covpool/testing';
import { temporaryFolder } from '@covpool/testing/node';
import { describe, expect, it } from 'vitest';
import { checkSum } from './download.ts';
import { placeFolder } from './place.ts';
import { run } from './run.ts';

const at = temporaryFolder();

describe('placeFolder', () => {
  it('makes a folder once, as a whole', async () => {
    const place = at('cache/engine');
    const make = (draft: string): Promise<void> => writeFile(join(draft, 'library'), 'first');
    expect(await placeFolder(place, make)).toBe(true);
    expect(await placeFolder(place, () => Promise.reject(new Error('made twice')))).toBe(false);
    expect(await readFile(join(place, 'library'), 'utf8')).toBe('first');
  });

  it('leaves nothing behind where making fails', async () => {
    const place = at('broken/engine');
    const fails = async (draft: string): Promise<void> => {
      await writeFile(join(draft, 'half'), '');
      throw new Error('the disk is full');
    };
    await expect(placeFolder(place, fails)).rejects.toThrow('the disk is full');
    expect(existsSync(place)).toBe(false);
    expect(await readdir(at('broken'))).toEqual([]);
  });
});

describe('checkSum', () => {
  it('takes the pinned file and no other', async () => {
    const file = at('archive');
    await writeFile(file, 'abc');
    // The digest of 'abc' in FIPS 180-2, appendix B.1.
    const sha256 = 'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad';
    await checkSum('test', file, { package: 'abc@1.0.0', sha256 });
    await writeFile(file, 'abd');
    const refused = (): Promise<void> => checkSum('test', file, { package: 'abc@1.0.0', sha256 });
    await expectCovpoolError(
      refused,
      'bad-input',
      /^test: the archive of abc@1\.0\.0 must have the SHA-256 ba78.*, got/,
    );
  });
});

describe('run', () => {
  it('gives the output', async () => {
    expect(await run('test', [process.execPath, '-p', '1 + 1'], 'needed')).toBe('2\n');
  });

  it('names a program that is missing, and how to get it', () =>
    expectCovpoolError(
      () => run('test', ['no-such-compiler'], 'install one'),
      'unsupported',
      /^test: no-such-compiler is required, got none; install one$/,
    ));

  it('says in one line why a program failed', () => {
    const script = "console.error('looking\\nERROR: no index\\nwarning: old'); process.exit(3)";
    return expectCovpoolError(
      () => run('test', [process.execPath, '-e', script], 'see its settings'),
      'io',
      /failed: ERROR: no index; see its settings$/,
    );
  });
});
