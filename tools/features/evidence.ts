import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Method } from './methods.ts';

/** Where a method lives, all of it looked up. */
export interface Evidence {
  package: string;
  /** Test file that calls the function (or the layer, where that is all there is) or names the method most often. */
  testFile: string;
}

/** Finds a method's package and test file; throws where the registry claims an export or a test that does not exist. */
export function evidenceOf(method: Method, root: string): Evidence {
  const [, owner] = method.className.split('/') as [string, string];
  const source = join(root, 'packages', owner, 'src');
  const layersEntry = owner === 'core' ? 'index.ts' : 'layers.ts';
  mustExport(join(source, layersEntry), method.layer, method.name);
  if (method.function) mustExport(join(source, 'index.ts'), method.function, method.name);

  const subject = method.function ?? method.layer;
  const files = readdirSync(source).filter((file) => file.endsWith('.test.ts'));
  const ranked = files
    .map((file) => ({ file, calls: mentions(method, subject, readFileSync(join(source, file), 'utf8')) }))
    .sort((p, q) => q.calls - p.calls);
  const [best] = ranked;
  if (!best || best.calls === 0)
    throw new Error(`features: no test of packages/${owner} calls ${subject} (${method.name})`);
  return { package: `@covpool/${owner}`, testFile: `packages/${owner}/src/${best.file}` };
}

function mustExport(entry: string, name: string, method: string): void {
  const text = readFileSync(entry, 'utf8');
  if (!new RegExp(`\\b${name}\\b`).test(text))
    throw new Error(`features: ${entry} does not export ${name} (${method})`);
}

const mentions = ({ name }: Method, subject: string, text: string): number =>
  text.split(new RegExp(`\\b${subject}\\(|'${name}'`)).length - 1;
