import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { commandStep, runSteps, type Step } from './check/step.ts';
import { testsOn } from './check/unit-tests.ts';
import { run } from './engines/run.ts';

// Whether every backbone at full size is PyTorch's: `COVPOOL_PYTHON=<a Python with PyTorch> pnpm test:parity [name …]`.

const SCRIPT = 'tools/torch-goldens/make_backbone_goldens.py';
const python = process.env.COVPOOL_PYTHON ?? 'python3';
const engine = process.env.COVPOOL_ENGINES ?? 'wasm';
const need = 'set COVPOOL_PYTHON to one that has it; see tools/torch-goldens/README.md';

/** PyTorch's network, ours beside it, and the file between them away again: all of them would take 2 GB. */
function parityOf(name: string): Step {
  return {
    name,
    async run() {
      const folder = await mkdtemp(join(tmpdir(), 'covpool-parity-'));
      try {
        const made = await commandStep(name, [python, '-B', SCRIPT, '--full', folder, name]).run();
        if (made.exitCode !== 0) return made;
        const environment = { COVPOOL_BACKBONE_GOLDENS: folder };
        return await testsOn(name, engine, ['packages/covpool/src/backbone-parity.test.ts'], environment).run();
      } finally {
        await rm(folder, { recursive: true, force: true });
      }
    },
  };
}

try {
  const listed = await run('test:parity', [python, '-B', SCRIPT, '--list'], need, 'unsupported');
  const known = listed.trim().split('\n');
  const wanted = process.argv.slice(2);
  const unknown = wanted.find((name) => !known.includes(name));
  if (unknown === undefined) process.exitCode = await runSteps((wanted.length > 0 ? wanted : known).map(parityOf));
  else {
    console.error(`test:parity: a network of ${known.join(', ')} is required, got ${unknown}`);
    process.exitCode = 2;
  }
} catch (cause) {
  console.error((cause as Error).message);
  process.exitCode = 2;
}
