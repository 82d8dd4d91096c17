import { spawnSync } from 'node:child_process';
import { mkdir } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { fileURLToPath } from 'node:url';
import { temporaryFolder } from '@covpool/testing/node';
import { beforeAll, describe, expect, it } from 'vitest';
import { smallData } from './classify.fixture.ts';
import { completeConfig } from './complete-config.ts';
import { trainConfigSchema } from './config.ts';
import { startTraining } from './start-training.ts';

const main = fileURLToPath(new URL('main.ts', import.meta.url));
const root = fileURLToPath(new URL('../../..', import.meta.url));
const node = `'${process.execPath}' --conditions=@covpool/source --import tsx '${main}'`;

/** Why this machine cannot mount a small file system for one process; nothing if it can. */
function whyNoMount(): string | undefined {
  const { status, stderr, error } = spawnSync('unshare', ['-rm', 'mount', '-t', 'tmpfs', 'none', tmpdir()]);
  return status === 0 ? undefined : `no tmpfs here: ${error?.message ?? String(stderr).trim()}`;
}

const at = temporaryFolder();
let data: string;
beforeAll(async () => {
  data = await smallData(at('data'));
  await mkdir(at('disk'));
});

/** A run that was stopped in its second epoch. */
async function stoppedRun(): Promise<string> {
  const run = at('stopped');
  const choices = { data, size: 16, epochs: 2, batch: 4, threads: 1, pool: 'gap', engine: 'wasm' };
  const config = completeConfig(trainConfigSchema.parse(choices));
  const controller = new AbortController();
  const onStep = (_: unknown, { epoch, step }: { epoch: number; step: number }) =>
    void (epoch === 2 && step === 1 && controller.abort());
  const job = { name: 'gap', config, folder: run, resume: false };
  await expect(startTraining([job], { signal: controller.signal, onStep })).rejects.toMatchObject({
    code: 'interrupted',
  });
  return run;
}

/** Runs a command on a disk of 4 MB that holds the run and has so many kilobytes left. */
function onFullDisk(run: string, left: number, command: string) {
  const disk = at('disk');
  const checksums = 'find run/last run/best run/config.json -type f | sort | xargs sha256sum';
  const script = `
    set -e
    mount -t tmpfs -o size=4m none '${disk}'
    cp -r '${run}' '${disk}/run'
    cd '${disk}'
    ${checksums} > '${at('before')}'
    free=$(df -k --output=avail . | tail -1)
    head -c $(( (free - ${left}) * 1024 )) /dev/zero > filler
    code=0
    (cd '${root}' && INIT_CWD='${disk}' ${node} ${command}) || code=$?
    ${checksums} | diff '${at('before')}' -
    exit $code`;
  return spawnSync('unshare', ['-rm', 'sh', '-c', script], { encoding: 'utf8' });
}

describe('a full disk', () => {
  it('ends a training with one line and damages no checkpoint', async ({ skip }) => {
    const why = whyNoMount();
    if (why) skip(why);
    const run = await stoppedRun();
    const options = `--data '${data}' --size 16 --epochs 1 --batch 4 --threads 1 --engine wasm --pool gap`;
    const cases = [
      { left: 100, command: 'train --resume run' }, // room for the lines of metrics, not for weights
      { left: 0, command: `train ${options} --out new` },
    ];
    for (const { left, command } of cases) {
      const { status, stdout, stderr } = onFullDisk(run, left, command);
      const lines = stderr
        .trim()
        .split('\n')
        .filter((line) => !line.startsWith('gap '));
      expect(lines).toEqual([expect.stringMatching(/^error: .*the disk is full/)]);
      expect({ command, left, status }).toEqual({ command, left, status: 1 });
      expect(stdout).not.toMatch(/^[<>]/m);
    }
  });
});
