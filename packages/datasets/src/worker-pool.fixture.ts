import { createLoader, imageFolder } from '@covpool/datasets/node';

/** Counts a folder's samples with two workers; run by the test as a program of its own. */
const [folder, end] = process.argv.slice(2) as [string, string];
const loader = createLoader(await imageFolder(folder), {
  batchSize: 5,
  workers: 2,
  transforms: [{ name: 'resize', size: 6 }],
});
let samples = 0;
for await (const { count } of loader.epoch(0)) samples += count;
if (end === 'close') await loader.close();
process.stdout.write(`${samples} samples\n`);
