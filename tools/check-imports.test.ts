import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { ARROWS, checkImports } from './check-imports.ts';
import { findCycle } from './imports/package-rules.ts';
import { readWorkspace } from './workspace.ts';

const roots: string[] = [];

afterEach(() => {
  for (const root of roots.splice(0)) rmSync(root, { recursive: true, force: true });
});

const arrows = { low: [], high: ['low'], testing: ['low'] };

/** A workspace in which nothing is wrong: `high` imports `low`, as it may and declares. */
const sound: Record<string, string> = {
  'package.json': manifest('root', { devDependencies: { '@x/testing': '*', vitest: '*' } }),
  'packages/low/package.json': manifest('@x/low', { exports: entries('.', './node', './layers') }),
  'packages/low/src/index.ts': "export { a } from './a.ts';\n",
  'packages/low/src/a.ts': 'export const a = 1;\n',
  'packages/low/src/node.ts': "export { sep } from 'node:path';\n",
  'packages/low/src/layers.ts': "import { a } from './a.ts';\nexport const layers = [a];\n",
  'packages/high/package.json': manifest('@x/high', {
    exports: entries('.'),
    dependencies: { '@x/low': 'workspace:*' },
  }),
  'packages/high/src/index.ts': "import { a } from '@x/low';\nexport const b = a;\n",
  'packages/testing/package.json': manifest('@x/testing', { private: true, exports: entries('.') }),
  'packages/testing/src/index.ts': 'export const oracle = 1;\n',
};

function manifest(name: string, rest: object): string {
  return JSON.stringify({ name, sideEffects: false, ...rest }, null, 2);
}

function entries(...names: string[]): object {
  const file = (name: string) => (name === '.' ? 'index' : name.slice(2));
  return Object.fromEntries(names.map((name) => [name, { '@covpool/source': `./src/${file(name)}.ts` }]));
}

/** The problems of the sound workspace with some files written over, as `file:line rule`. */
function problemsWith(changed: Record<string, string>, table: Record<string, string[]> = arrows): string[] {
  const root = mkdtempSync(join(tmpdir(), 'covpool-imports-'));
  roots.push(root);
  for (const [path, text] of Object.entries({ ...sound, ...changed })) {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), text);
  }
  return checkImports(readWorkspace(root), table).map(({ file, line, rule }) => `${file}:${line} ${rule}`);
}

describe('the table of arrows', () => {
  it('goes one way', () => {
    expect(findCycle(ARROWS)).toBeUndefined();
  });

  it('shows the way round when there is one', () => {
    expect(findCycle({ a: ['b'], b: ['c'], c: ['b'] })).toEqual(['b', 'c', 'b']);
  });

  it('has a row for every package and none for others', () => {
    expect(problemsWith({}, { low: [], high: ['low'] })).toEqual(['tools/check-imports.ts:1 table']);
    expect(problemsWith({}, { ...arrows, gone: [] })).toEqual(['tools/check-imports.ts:1 table']);
  });
});

describe('checkImports', () => {
  const high = 'packages/high/src/index.ts';
  const low = 'packages/low/src/index.ts';

  it('finds nothing where nothing is wrong', () => {
    expect(problemsWith({})).toEqual([]);
  });

  it.each([
    ['an import against the arrow', { [low]: "import { b } from '@x/high';\nexport { b };\n" }, [`${low}:1 arrows`]],
    [
      'a dependency against the arrow',
      { 'packages/low/package.json': manifest('@x/low', { exports: entries('.'), dependencies: { '@x/high': '*' } }) },
      ['packages/low/package.json:10 arrows'],
    ],
    [
      'an import that the manifest lacks',
      { 'packages/high/package.json': manifest('@x/high', { exports: entries('.') }) },
      [`${high}:1 declared`],
    ],
    ['a library that the manifest lacks', { [high]: "\nimport 'vitest';\n" }, [`${high}:2 declared`]],
    [
      'a relative import that leaves the package',
      { [high]: "export { a } from '../../low/src/a.ts';\n" },
      [`${high}:1 own files`],
    ],
    [
      'a located file outside the package',
      { [high]: "new URL('../../low/x.bin', import.meta.url);\n" },
      [`${high}:1 own files`],
    ],
    ['a package that imports itself by name', { [high]: "export { b } from '@x/high';\n" }, [`${high}:1 own files`]],
    ["another package's file", { [high]: "export { a } from '@x/low/src/a.ts';\n" }, [`${high}:1 exports only`]],
    ['a wholesale export', { [low]: "export * from './a.ts';\n" }, [`${low}:1 explicit exports`]],
    ['a synchronous read', { [high]: 'const x = t.dataSync();\n' }, [`${high}:1 no synchronous reads`]],
    ['a builtin in a main entry', { [low]: "export { sep } from 'path';\n" }, [`${low}:1 browser-safe`]],
    [
      'a builtin behind two imports, one of them dynamic',
      { [low]: "export { a } from './a.ts';\n", 'packages/low/src/a.ts': "export const a = import('./node.ts');\n" },
      ['packages/low/src/node.ts:1 browser-safe'],
    ],
    [
      "a builtin behind another package's /node entry",
      { [high]: "export { sep } from '@x/low/node';\n" },
      ['packages/low/src/node.ts:1 browser-safe'],
    ],
    ['layers in a main entry', { [high]: "import '@x/low/layers';\n" }, [`${high}:1 layers apart`]],
    [
      'a file of 401 lines',
      { 'packages/low/src/a.ts': `${'export const a = 1;\n'.repeat(400)}a;\n` },
      ['packages/low/src/a.ts:401 short files'],
    ],
    [
      'an entry without its file',
      { 'packages/low/package.json': manifest('@x/low', { exports: entries('.', './node', './layers', './x') }) },
      ['packages/low/package.json:14 entries exist'],
    ],
  ])('finds %s', (_, changed, expected) => {
    expect(problemsWith(changed)).toEqual(expected);
  });

  it.each([
    ['a type from Node', { [low]: "import type { Stats } from 'node:fs';\nexport type A = Stats;\n" }],
    [
      'the same words in strings and comments',
      { [low]: "// import 'node:fs'\nexport const s = \"import '@x/high'; x.dataSync()\";\n" },
    ],
    [
      'the testing package, the package itself by name and the libraries of the root in a test',
      { 'packages/low/src/a.test.ts': "import '@x/testing';\nimport '@x/low';\nimport 'vitest';\nt.dataSync();\n" },
    ],
    [
      'a build script that no entry reaches, nor the replaceable import that stands for its work',
      {
        [low]: "export { a } from '#generated';\n",
        'packages/low/src/generate.ts': "import 'vitest';\nimport { writeFile } from 'node:fs/promises';\n",
      },
    ],
    [
      'layers in a main entry that says it has side effects',
      {
        [high]: "import '@x/low/layers';\n",
        'packages/high/package.json': manifest('@x/high', {
          sideEffects: true,
          exports: entries('.'),
          dependencies: { '@x/low': '*' },
        }),
      },
    ],
  ])('allows %s', (_, changed) => {
    expect(problemsWith(changed)).toEqual([]);
  });
});
