import { readFileSync } from 'node:fs';
import { defineConfig } from 'tsup';

interface Manifest {
  exports: Record<string, { '@covpool/source'?: string } | string>;
}

/** Builds the package in the current folder: every entry of its `exports`, as ESM and CJS with declarations. */
const manifest = JSON.parse(readFileSync('package.json', 'utf8')) as Manifest;
const sources = Object.values(manifest.exports).flatMap((entry) =>
  typeof entry === 'string' || !entry['@covpool/source'] ? [] : [entry['@covpool/source']],
);

export default defineConfig({
  entry: sources,
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
  esbuildOptions(options) {
    // A bare import that `sideEffects` of package.json lets the bundler drop would not register what it should.
    options.logOverride = { 'ignored-bare-import': 'error' };
  },
});
