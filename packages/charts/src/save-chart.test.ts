import { readdir, readFile } from 'node:fs/promises';
import { temporaryFolder } from '@covpool/testing/node';
import { expect, it } from 'vitest';
import { saveChart } from './save-chart.ts';

const at = temporaryFolder({ each: true });

it('saveChart writes the PNG that the report shows', async () => {
  const svg = '<svg xmlns="http://www.w3.org/2000/svg" width="20" height="10"><rect width="9" height="9"/></svg>';
  const { png, alt } = await saveChart(at(), 'loss', svg, 'the loss');
  expect(alt).toBe('the loss');
  expect(await readdir(at())).toEqual(['loss.png']);
  expect((await readFile(at('loss.png'))).equals(png)).toBe(true);
  expect(Buffer.from(png).toString('latin1', 1, 4)).toBe('PNG');
});
