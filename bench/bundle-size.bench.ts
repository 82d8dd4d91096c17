// What a page loads: npx -y pnpm@10 bench:size [--jax <a folder with @jax-js/jax>]
// after `npx -y pnpm@10 build`. Bundles each program below for browsers, minified, and writes its size and that of its gzip to bench/results/bundle-size.json.
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { gzipSync } from 'node:zlib';
import { writeFileAtomic } from '@covpool/base/node';
import { resultPath } from './compare/result-path.ts';
import { repositoryRoot } from '../tools/workspace.ts';

/** The part of esbuild that is used; it comes with the bundler of the packages. */
interface Esbuild {
  build: (options: Record<string, unknown>) => Promise<{ outputFiles: { contents: Uint8Array }[] }>;
}

interface Program {
  name: string;
  code: string;
  /** The folder to resolve from. */
  from: string;
  /** What the page has anyway. */
  external?: string[];
}

interface BundleSize {
  name: string;
  /** Why there are no figures. */
  absent?: string;
  kilobytes?: number;
  gzipKilobytes?: number;
}

const { values } = parseArgs({ options: { jax: { type: 'string', default: '.' } } });
const tensorflow = ['@tensorflow/*'];

const programs: Program[] = [
  {
    name: 'isqrtCov, beside TensorFlow.js',
    code: `export { isqrtCov } from './matrix-power/dist/index.js'`,
    from: 'packages',
    external: tensorflow,
  },
  {
    name: 'isqrtCov and the wasm kernels, beside TensorFlow.js and its wasm backend',
    code: `export { isqrtCov } from './matrix-power/dist/index.js'; export * from './wasm-kernels/dist/index.js'`,
    from: 'packages',
    external: tensorflow,
  },
  {
    name: 'all of covpool, beside TensorFlow.js',
    code: `export * from './covpool/dist/index.js'`,
    from: 'packages',
    external: tensorflow,
  },
  {
    name: 'plain TensorFlow.js: core, layers, wasm backend without its binary',
    code: `export * from '@tensorflow/tfjs-core'; import '@tensorflow/tfjs-layers'; import '@tensorflow/tfjs-backend-wasm'`,
    from: 'packages/engines',
  },
  { name: 'all of jax-js', code: `export * from '@jax-js/jax'`, from: values.jax },
];

const require = createRequire(import.meta.url);
const { build } = createRequire(require.resolve('tsup'))('esbuild') as Esbuild;

async function sizeOf({ name, code, from, external = [] }: Program): Promise<BundleSize> {
  const resolveDir = resolve(repositoryRoot, from);
  if (!existsSync(resolveDir)) return { name, absent: 'not installed' };
  try {
    const { outputFiles } = await build({
      stdin: { contents: code, resolveDir },
      bundle: true,
      minify: true,
      write: false,
      format: 'esm',
      platform: 'browser',
      external: [...external, 'node:*', 'fs', 'path', 'perf_hooks', 'os', 'worker_threads'],
      logLevel: 'silent',
    });
    const { contents } = outputFiles[0]!;
    const kilo = (bytes: number): number => Number((bytes / 1000).toFixed(1));
    return { name, kilobytes: kilo(contents.length), gzipKilobytes: kilo(gzipSync(contents).length) };
  } catch (cause) {
    return { name, absent: (cause as Error).message.split('\n')[1] ?? 'cannot be bundled' };
  }
}

const sizes: BundleSize[] = [];
for (const program of programs) {
  const size = await sizeOf(program);
  sizes.push(size);
  console.log(`${program.name}: ${size.absent ?? `${size.kilobytes} kB, ${size.gzipKilobytes} kB by gzip`}`);
}
await writeFileAtomic(resultPath('bundle-size'), `${JSON.stringify({ sizes }, null, 2)}\n`);
