import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { cases, type SideName, type SideReply } from './cases.ts';

/** A side that is ready for a case. */
export interface Side {
  name: SideName;
  /** One round. */
  run: (repeats: number) => Promise<SideReply>;
  close: () => Promise<void>;
}

const here = (file: string): string => fileURLToPath(new URL(file, import.meta.url));

/** How each side is started: engine, library, SIMD, threads. TensorFlow's library has threads of its own. */
const programs: Record<Exclude<SideName, 'torch' | 'jax-js'>, [string, string, string, number]> = {
  tensorflow: ['tensorflow', 'ours', 'relaxed', 1],
  wasm: ['wasm', 'ours', 'relaxed', 2],
  'wasm, plain SIMD': ['wasm', 'ours', 'plain', 2],
  'plain tensorflow': ['tensorflow', 'plain', 'relaxed', 1],
  'plain wasm': ['wasm', 'plain', 'relaxed', 1],
};

/** Where the peers are: a Python with torch and torchvision, a folder with an installed jax-js. */
export interface Peers {
  python: string;
  jax: string;
}

/** Starts a side for a case; a text says why there is none. */
export async function startSide(name: SideName, index: number, peers: Peers): Promise<Side | string> {
  const child = start(name, index, peers);
  const died = new Promise<string>((resolve) => {
    let errors = '';
    child.stderr.on('data', (data: Buffer) => (errors += data.toString()));
    child.once('error', (cause) => resolve(cause.message));
    child.once('close', () => resolve(/^\w*Error.*$/m.exec(errors)?.[0] ?? (errors.trim() || 'ended without a word')));
  });
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const reply = async (): Promise<SideReply> => {
    for (;;) {
      const { value, done } = await lines.next();
      if (done) return { absent: await died };
      // A library of the side may print lines of its own.
      if (value.startsWith('{')) return JSON.parse(value) as SideReply;
    }
  };
  const { absent } = await reply();
  if (absent !== undefined) return absent;
  return {
    name,
    run(repeats) {
      child.stdin.write(`${repeats}\n`);
      return reply();
    },
    async close() {
      child.stdin.end();
      await died;
    },
  };
}

function start(name: SideName, index: number, { python, jax }: Peers): ChildProcessWithoutNullStreams {
  const work = JSON.stringify(cases[index]!.work);
  if (name === 'torch') return spawn(python, [here('torch_side.py'), work]);
  if (name === 'jax-js') return startNode('jax-side.ts', [work, jax]);
  return startNode('side.ts', [index, ...programs[name]].map(String));
}

function startNode(file: string, given: string[]): ChildProcessWithoutNullStreams {
  return spawn(process.execPath, ['--conditions=@covpool/source', '--import', 'tsx', here(file), ...given]);
}
