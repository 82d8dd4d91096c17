import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import ts from 'typescript';

/**
 * What the compiler says about a program that takes every entry, once as ES module and once as CommonJS. The
 * declarations of the libraries underneath, which are not sound by themselves, lie outside the folder and do not count.
 */
export async function typeCheckPacked(consumer: string, specifiers: string[]): Promise<string[]> {
  const text = specifiers.map((specifier, index) => `export * as e${index} from '${specifier}';\n`).join('');
  const files = ['consumer.mts', 'consumer.cts'].map((name) => join(consumer, name));
  for (const file of files) await writeFile(file, text);
  const program = ts.createProgram(files, {
    module: ts.ModuleKind.NodeNext,
    target: ts.ScriptTarget.ES2022,
    strict: true,
    noEmit: true,
    types: ['node'],
    typeRoots: [join(consumer, 'node_modules/@types')],
  });
  const ours = ts.getPreEmitDiagnostics(program).filter(({ file }) => !file || file.fileName.startsWith(consumer));
  const host = { getCanonicalFileName: String, getCurrentDirectory: () => consumer, getNewLine: () => '\n' };
  return ours.map((diagnostic) => ts.formatDiagnostic(diagnostic, host).trimEnd());
}
