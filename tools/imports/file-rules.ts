import { resolveReference, type SourceFile, type SourceGraph, type Target } from './graph.ts';
import type { Reference } from './parse.ts';
import type { Problem } from './problem.ts';
import type { Manifest, Workspace } from '../workspace.ts';

export type Arrows = Readonly<Record<string, readonly string[]>>;

const SYNCHRONOUS_READS = new Set(['dataSync', 'arraySync', 'bytesSync']);

/** The rules that one file breaks or keeps by itself. */
export function fileProblems({ workspace, files }: SourceGraph, arrows: Arrows): Problem[] {
  return [...files.values()].flatMap((file) => [
    ...file.references.flatMap((reference) => referenceProblems(workspace, arrows, file, reference)),
    ...synchronousReads(file),
  ]);
}

function referenceProblems(workspace: Workspace, arrows: Arrows, file: SourceFile, reference: Reference): Problem[] {
  const target = resolveReference(workspace, file, reference);
  const problem = (rule: string, message: string): Problem[] => [
    { file: file.path, line: reference.line, rule, message },
  ];
  if (target.kind === 'builtin' || target.kind === 'internal') return [];
  if (target.kind === 'relative') {
    if (target.path.startsWith(`${file.owner.folder}/`)) return starProblems(file, reference);
    // Tests read shared data, and apps the repository they run in; an installed package has neither.
    if (reference.kind === 'file' && (!file.ships || file.owner.isApp)) return [];
    return problem(
      'own files',
      `'${reference.specifier}' leaves ${file.owner.folder}; import the other package by name`,
    );
  }
  if (reference.kind === 'file') return [];
  if (target.kind === 'workspace') {
    if (target.owner === file.owner) {
      if (!file.ships) return [];
      return problem('own files', `'${reference.specifier}' is this very package; import the file by a relative path`);
    }
    if (target.path === undefined) {
      const entries = Object.keys(target.owner.manifest.exports ?? {}).join(' ');
      return problem('exports only', `${target.owner.manifest.name} has no entry '${target.entry}'; it has ${entries}`);
    }
    if (!allowed(arrows, file, target)) {
      return problem(
        'arrows',
        `${file.owner.id} may not import ${target.owner.id} (it may: ${
          arrows[file.owner.id]?.join(', ') || 'nothing'
        }); ` +
          'pass what is needed as an argument, move it down, or change ARROWS in tools/check-imports.ts and say why',
      );
    }
  }
  const name = target.kind === 'workspace' ? target.owner.manifest.name : target.name;
  if (!declared(workspace, file, name)) {
    const field = file.ships ? 'dependencies or peerDependencies' : 'devDependencies';
    return problem('declared', `${name} is not in ${file.owner.folder}/package.json; add it to ${field}`);
  }
  return starProblems(file, reference);
}

function allowed(arrows: Arrows, file: SourceFile, target: Target & { kind: 'workspace' }): boolean {
  if (arrows[file.owner.id]?.includes(target.owner.id)) return true;
  return (
    !file.ships &&
    (target.owner.id === 'testing' || target.owner.manifest.name in (file.owner.manifest.devDependencies ?? {}))
  );
}

/** What stays at home may use what the root installs; what ships only what travels with the package. */
function declared(workspace: Workspace, file: SourceFile, name: string): boolean {
  const { dependencies, peerDependencies, optionalDependencies, devDependencies } = file.owner.manifest;
  const own: Manifest['dependencies'] = { ...dependencies, ...peerDependencies, ...optionalDependencies };
  if (name in own) return true;
  return !file.ships && (name in (devDependencies ?? {}) || name in (workspace.manifest.devDependencies ?? {}));
}

/** The umbrella alone re-exports others wholesale. */
function starProblems(file: SourceFile, reference: Reference): Problem[] {
  if (!reference.star || file.owner.id === 'covpool') return [];
  const message = `'export * from ${reference.specifier}' hides what is public; list the names`;
  return [{ file: file.path, line: reference.line, rule: 'explicit exports', message }];
}

function synchronousReads(file: SourceFile): Problem[] {
  if (!file.ships) return [];
  return file.calls
    .filter(({ method }) => SYNCHRONOUS_READS.has(method))
    .map(({ method, line }) => ({
      file: file.path,
      line,
      rule: 'no synchronous reads',
      message: `${method}() stalls or fails on webgpu; await ${method.replace('Sync', '()')} instead`,
    }));
}
