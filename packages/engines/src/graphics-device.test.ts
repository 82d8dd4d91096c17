import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { hasGraphicsDevice } from './graphics-device.ts';

const folders: string[] = [];

function devicesOf(...names: string[]): string {
  const folder = mkdtempSync(join(tmpdir(), 'covpool-devices-'));
  folders.push(folder);
  mkdirSync(join(folder, 'dri'));
  for (const name of names) writeFileSync(join(folder, name), '');
  return folder;
}

afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true });
});

describe.skipIf(process.platform !== 'linux')('hasGraphicsDevice', () => {
  it.each(['dri/renderD128', 'nvidia0', 'dxg'])('finds %s', (name) => {
    expect(hasGraphicsDevice(devicesOf('null', name))).toBe(true);
  });

  it.each([['nvidiactl'], ['dri/card0'], ['null']])('does not take %s for one', (name) => {
    expect(hasGraphicsDevice(devicesOf(name))).toBe(false);
  });
});
