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
const programs: Record<Exclude<SideName, 'torch'>, [string, string, string, number]> = {
  tensorflow: ['tensorflow', 'ours', 'relaxed', 1],
  wasm: ['wasm', 'ours', 'relaxed', 2],
  'wasm, plain SIMD': ['wasm', 'ours', 'plain', 2],
  'plain tensorflow': ['tensorflow', 'plain', 'relaxed', 1],
  'plain wasm': ['wasm', 'plain', 'relaxed', 1],
};

/** Starts a side for a case; a text says why there is none. */
export async function startSide(name: SideName, index: number, python: string): Promise<Side | string> {
  const child = name === 'torch' ? startTorch(index, python) : startNode(programs[name], index);
  const died = new Promise<string>((resolve) => {
    let errors = '';
    child.stderr.on('data', (data: Buffer) => (errors += data.toString()));
    child.once('error', (cause) => resolve(cause.message));
    child.once('close', () => resolve(/^\w*Error.*$/m.exec(errors)?.[0] ?? (errors.trim() || 'ended without a word')));
  });
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const reply = async (): Promise<SideReply> => {
    const { value, done } = await lines.next();
    return done ? { absent: await died } : (JSON.parse(value) as SideReply);
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

function startTorch(index: number, python: string): ChildProcessWithoutNullStreams {
  return spawn(python, [here('torch_side.py'), JSON.stringify(cases[index]!.work)]);
}

function startNode(program: (typeof programs)['wasm'], index: number): ChildProcessWithoutNullStreams {
  const loader = ['--conditions=@covpool/source', '--import', 'tsx'];
  return spawn(process.execPath, [...loader, here('side.ts'), String(index), ...program.map(String)]);
}
