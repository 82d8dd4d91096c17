import { defineCommand } from './command.ts';
import { table } from './table.ts';

/** `doctor`: which engines run here, whether their gradients are right, and how to get the others. */
export const doctorCommand = defineCommand({
  summary: 'which engines run here, and how to get a faster one',
  options: {},
  examples: [
    { command: 'doctor', does: 'the table for people' },
    { command: 'doctor --json', does: 'the same for a script' },
  ],
  async run({ print, progress }) {
    const { doctor } = await import('@covpool/engines');
    const report = await doctor((done, total) => progress.update({ label: 'trying engines', done, total }));
    progress.end();
    const rows = report.engines.map((engine) => [
      engine.name === report.chosen ? `${engine.name} *` : engine.name,
      engine.works ? 'works' : 'no',
      engine.version || '–',
      gradientCell(engine),
      engine.works ? engine.missingKernels.join(' ') || 'none' : '–',
    ]);
    print(table(['engine', 'here', 'version', 'gradients', 'missing kernels'], rows));
    print(`\n* chosen: ${report.chosen}`);
    for (const { name, works, detail, remedy } of report.engines) {
      print(works ? `${name}: ${detail}` : `${name}: ${detail}${remedy ? `; ${remedy}` : ''}`);
    }
    return report;
  },
});

function gradientCell({ gradientOk, gradientError }: { gradientOk?: boolean; gradientError?: number }): string {
  if (gradientOk === undefined) return '–';
  return `${gradientOk ? 'right' : 'WRONG'} (${gradientError?.toExponential(0)})`;
}
