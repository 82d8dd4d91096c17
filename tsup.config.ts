import { existsSync, readFileSync } from 'node:fs';
import { defineConfig } from 'tsup';

interface Manifest {
  exports: Record<string, { '@covpool/source'?: string } | string>;
}

/**
 * Builds the package in the current folder as ESM and CJS with declarations: every entry of its `exports`, and
 * `src/worker.ts`, which nobody imports but the package starts as a thread.
 */
const manifest = JSON.parse(readFileSync('package.json', 'utf8')) as Manifest;
const sources = Object.values(manifest.exports).flatMap((entry) =>
  typeof entry === 'string' || !entry['@covpool/source'] ? [] : [entry['@covpool/source']],
);
const threads = ['./src/worker.ts'].filter((path) => existsSync(path));

export default defineConfig({
  entry: [...new Set([...sources, ...threads])],
  format: ['esm', 'cjs'],
  target: 'es2022',
  platform: 'neutral',
  external: [/^node:/],
  // Replaces `import.meta.url` in CommonJS, which has none.
  shims: true,
  dts: true,
  clean: true,
  // Entries share their modules, so that a class is the same class in each.
  splitting: true,
  sourcemap: true,
  removeNodeProtocol: false,
  silent: true,
  esbuildOptions(options, { format }) {
    // A bare import that `sideEffects` of package.json lets the bundler drop would not register what it should.
    options.logOverride = { 'ignored-bare-import': 'error' };
    // The shims leave this one; CommonJS refuses the whole file for it.
    if (format === 'cjs') options.define = { ...options.define, 'import.meta.resolve': 'require.resolve' };
  },
});
