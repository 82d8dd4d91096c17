import { CovpoolError } from '@covpool/base';
import { defineCommand, userPath } from '@covpool/cli';

export const reportCommand = defineCommand({
  summary: 'write the report of a comparison or a run again',
  options: {
    run: { type: 'string', value: 'folder', summary: 'a run folder, or the folder of a comparison' },
  },
  examples: [
    {
      command: 'report --run runs/compare-20260102-030405',
      does: 'report.html and its charts, from what was measured',
    },
  ],
  async run({ options, print }) {
    if (options.run === undefined) throw new CovpoolError('bad-argument', 'report: --run is required');
    const folder = userPath(options.run);
    const { readPlan, readRuns } = await import('../runs-on-disk.ts');
    const { writeReport } = await import('../write-report.ts');
    const command = (await readPlan(folder))?.command ?? 'classify train';
    const report = await writeReport(folder, await readRuns(folder), command);
    print(`report  ${report}`);
    return { report };
  },
});
