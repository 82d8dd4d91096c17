import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { saveChart } from './save-chart.ts';

it('saveChart writes the PNG that the report shows', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'covpool-chart-'));
  const svg = '<svg xmlns="http://www.w3.org/2000/svg" width="20" height="10"><rect width="9" height="9"/></svg>';
  const { png, alt } = await saveChart(folder, 'loss', svg, 'the loss');
  expect(alt).toBe('the loss');
  expect(await readdir(folder)).toEqual(['loss.png']);
  expect((await readFile(join(folder, 'loss.png'))).equals(png)).toBe(true);
  expect(Buffer.from(png).toString('latin1', 1, 4)).toBe('PNG');
  await rm(folder, { recursive: true });
});
