import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** An exported function of a package of methods. */
export interface ExportedFunction {
  name: string;
  package: string;
  /** The first sentence of its documentation. */
  summary: string;
  testFile: string;
}

/** The functions that the main entries of these packages export and that have tests, in the order of the entries. */
export function exportedFunctions(packages: string[], root: string): ExportedFunction[] {
  return packages.flatMap((name) => {
    const source = join(root, 'packages', name, 'src');
    const files = readdirSync(source).filter((file) => file.endsWith('.ts'));
    const texts = new Map(files.map((file) => [file, readFileSync(join(source, file), 'utf8')]));
    const entry = texts.get('index.ts')!;
    const exported = [...entry.matchAll(/export \{([^}]*)\} from '\.\/([^']+)'/g)];
    return exported.flatMap(([, names, file]) =>
      names!
        .split(',')
        .map((word) => word.trim())
        .flatMap((word) => {
          const summary = documented(word, texts.get(file!)!);
          const testFile = testOf(word, name, texts);
          if (summary === undefined || testFile === undefined) return [];
          return [{ name: word, package: `@covpool/${name}`, summary, testFile }];
        }),
    );
  });
}

/** The first sentence above `export function name`; undefined if the name is no function. */
function documented(name: string, text: string): string | undefined {
  const at = text.search(new RegExp(`^export function ${name}\\b`, 'm'));
  if (at < 0) return undefined;
  const before = text.slice(0, at).trimEnd();
  if (!before.endsWith('*/')) throw new Error(`features: ${name} is exported without documentation`);
  const comment = before.slice(before.lastIndexOf('/**') + 3, -2);
  const words = comment
    .replace(/^\s*\* ?/gm, ' ')
    .replace(/\s+/g, ' ')
    .trim();
  return words
    .split(/(?<=[^.][.:])\s/)[0]!
    .replace(/[.:]$/, '')
    .replaceAll('|', '\\|');
}

function testOf(name: string, owner: string, texts: Map<string, string>): string | undefined {
  const tests = [...texts].filter(([file]) => file.endsWith('.test.ts'));
  const calls = tests.map(([file, text]) => ({ file, count: text.split(new RegExp(`\\b${name}\\(`)).length - 1 }));
  const [best] = calls.sort((p, q) => q.count - p.count);
  if (!best || best.count === 0) return undefined;
  return `packages/${owner}/src/${best.file}`;
}
