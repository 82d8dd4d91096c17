import { execFile } from 'node:child_process';
import { stat } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { temporaryFolder } from '@covpool/testing/node';
import { describe, expect, it } from 'vitest';
import { float32Data } from './tensor-data.ts';
import { saveWeights } from './weights-file.ts';

const fixture = fileURLToPath(new URL('load-memory.fixture.ts', import.meta.url));
const TENSORS = 12;
const FLOATS = 2 ** 21;

/** Beside the weights: compiled code, the garbage of a process that has just started. */
const ROOM = 24 * 2 ** 20;

const at = temporaryFolder();

describe('memory of reading', () => {
  it.each(['large.pth', 'large.safetensors'])(
    '%s of 96 MB is its size, once',
    async (name) => {
      const path = at(name);
      const values = new Float32Array(FLOATS).fill(1);
      await saveWeights(
        path,
        new Map(Array.from({ length: TENSORS }, (_, i) => [`layer${i}.weight`, float32Data([FLOATS], values)])),
      );
      const { size } = await stat(path);
      expect(size).toBeGreaterThan(4 * TENSORS * FLOATS);
      const command = ['--conditions=@covpool/source', '--import', 'tsx', fixture, path];
      const { stdout } = await promisify(execFile)(process.execPath, command);
      const { grown, tensors } = JSON.parse(stdout) as { grown: number; tensors: number };
      expect(tensors).toBe(TENSORS);
      expect(grown).toBeGreaterThan(0.9 * size);
      expect(grown).toBeLessThan(size + ROOM);
    },
    120_000,
  );
});
