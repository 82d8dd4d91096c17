// jax-js's side of the bench: jax-side.ts '<case as JSON>' <folder where @jax-js/jax is installed>, one thread of WebAssembly. It
// says when it is ready; for each line with a number of repetitions it answers with their times.
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { seededValues } from '@covpool/testing';
import type { BenchCase, SideReply } from './cases.ts';
import { peakAbove, residentMegabytes } from './peak-memory.ts';

/** An array of jax-js, which each use spends: `ref` is one more. */
interface JaxArray {
  ref: JaxArray;
  add: (b: JaxArray | number) => JaxArray;
  sub: (b: JaxArray | number) => JaxArray;
  mul: (b: JaxArray | number) => JaxArray;
  div: (b: JaxArray | number) => JaxArray;
  reshape: (shape: number[]) => JaxArray;
  data: () => Promise<Float32Array>;
}

interface Jax {
  init: (device: string) => Promise<unknown>;
  defaultDevice: (device: string) => void;
  grad: (f: (...args: JaxArray[]) => JaxArray) => (...args: JaxArray[]) => JaxArray;
  jit: <F>(f: F) => F;
  numpy: {
    array: (values: Float32Array) => JaxArray;
    eye: (size: number) => JaxArray;
    matmul: (a: JaxArray, b: JaxArray) => JaxArray;
    mean: (a: JaxArray, axis: number, options: { keepdims: boolean }) => JaxArray;
    sqrt: (a: JaxArray) => JaxArray;
    sum: (a: JaxArray, axes?: number[], options?: { keepdims: boolean }) => JaxArray;
    transpose: (a: JaxArray, axes: number[]) => JaxArray;
  };
}

const answer = (reply: SideReply): unknown => process.stdout.write(`${JSON.stringify(reply)}\n`);

function leave(absent: string): never {
  answer({ absent });
  process.exit(0);
}

const [description, folder] = process.argv.slice(2) as [string, string];
const work = JSON.parse(description) as BenchCase;
if (work.kind !== 'operation' || work.operation !== 'isqrt') leave('not written for jax-js');

async function load(): Promise<Jax> {
  try {
    const require = createRequire(join(folder, 'package.json'));
    return (await import(require.resolve('@jax-js/jax'))) as Jax;
  } catch {
    return leave('not installed');
  }
}

const before = residentMegabytes();
const jax = await load();
await jax.init('wasm');
jax.defaultDevice('wasm');
const { numpy: np } = jax;

/** The published form of iSQRT-COV on x [B,M,d], and its product with dy: on d×d, differentiated and compiled by the library. */
function loss(x: JaxArray, dy: JaxArray, identity: JaxArray): JaxArray {
  const centred = x.ref.sub(np.mean(x, 1, { keepdims: true }));
  const sigma = np.matmul(np.transpose(centred.ref, [0, 2, 1]), centred).div((work as { positions: number }).positions);
  const trace = np.sum(sigma.ref.mul(identity.ref), [1, 2], { keepdims: true });
  const three = identity.mul(3);
  const normed = sigma.div(trace.ref);
  let z = three.ref.sub(normed.ref).mul(0.5);
  let y = np.matmul(normed, z.ref);
  for (let k = 1; k < 4; k++) {
    const t = three.ref.sub(np.matmul(z.ref, y.ref)).mul(0.5);
    y = np.matmul(y, t.ref);
    z = np.matmul(t, z);
  }
  const root = np
    .matmul(y.ref, three.sub(np.matmul(z, y)))
    .mul(0.5)
    .mul(np.sqrt(trace));
  return np.sum(root.mul(dy));
}

const { batch, positions, channels } = work;
const seeded = (shape: number[], name: string): JaxArray =>
  np
    .array(
      Float32Array.from(
        seededValues(
          shape.reduce((size, n) => size * n, 1),
          name,
        ),
      ),
    )
    .reshape(shape);
const x = seeded([batch, positions, channels], 'features');
const dy = seeded([batch, channels, channels], 'dy');
const identity = np.eye(channels);
const gradient = jax.jit(jax.grad(loss));

answer({});
for await (const line of createInterface({ input: process.stdin })) {
  const ms: number[] = [];
  for (let i = 0; i < Number(line); i++) {
    const start = performance.now();
    await gradient(x.ref, dy.ref, identity.ref).data();
    ms.push(performance.now() - start);
  }
  answer({ ms, peakMegabytes: peakAbove(before) });
}
