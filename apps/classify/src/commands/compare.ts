import { defineCommand, resolveConfig, userPath } from '@covpool/cli';
import { trainingChoices, trainOptions } from '../train-options.ts';

/** What `--quick` changes: enough to see every part work, not to compare. */
const QUICK = { epochs: 3, size: 48 };

export const compareCommand = defineCommand({
  summary: 'train one network per pooling head and put them side by side',
  description:
    'The same network is trained once per head with the same seed and schedule, on pictures that ship with the\n' +
    'repository. At the end: a table, and report.html with curves, confusion matrices and predictions.',
  options: {
    pools: { type: 'string', value: 'a,b', summary: 'the heads, or all', fallback: 'gap,isqrt,dropcov' },
    quick: { type: 'boolean', summary: 'a minute instead of minutes: fewer epochs of smaller pictures' },
    seeds: { type: 'number', summary: 'repeat with so many seeds; the table shows means', fallback: '1' },
    out: { type: 'string', value: 'folder', summary: 'where runs and report go', fallback: 'runs/compare-<time>' },
    resume: {
      type: 'boolean',
      summary: 'go on in --out, or in the newest comparison; what is finished stays, --pools and --seeds add to it',
    },
    ...trainOptions,
  },
  examples: [
    { command: '', does: 'the whole comparison, in minutes' },
    { command: '--quick', does: 'the same in a minute, to see that it works' },
    { command: 'compare --pools gap,cov,isqrt --seeds 3', does: 'other heads, means over three seeds' },
    { command: 'compare --resume', does: 'go on after Ctrl-C' },
    { command: 'compare --resume --pools all --seeds 1', does: 'add every other head to it, with one seed each' },
  ],
  async run({ options, signal, print, progress, live }) {
    const { config: file, set, out, resume, quick, pools, seeds, dim, ...given } = options;
    const { compareConfigSchema } = await import('../config.ts');
    const { compare } = await import('../compare-work.ts');
    const { comparisonToResume, poolsOf } = await import('../compare-plan.ts');
    const folder = userPath(out);
    const earlier = resume ? await comparisonToResume(folder) : undefined;
    const choices = await resolveConfig(compareConfigSchema, {
      base: earlier ? { ...earlier.plan.choices, pools: poolsOf(earlier.plan) } : quick ? QUICK : {},
      file: userPath(file),
      sets: set,
      options: { ...trainingChoices(given), dim, pools, seeds },
    });
    const extend = [pools, seeds, file, set].some((given) => given !== undefined);
    return compare(choices, { folder, earlier, extend }, { signal, print, progress, live });
  },
});
