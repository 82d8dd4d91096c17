import { readFileSync } from 'node:fs';
import { isBuiltin } from 'node:module';
import { join, posix } from 'node:path';
import { parseSource, type ParsedFile, type Reference } from './parse.ts';
import { sourceEntries, typescriptFiles, type Package, type Workspace } from '../workspace.ts';

/** One source file of a package. */
export interface SourceFile extends ParsedFile {
  path: string;
  owner: Package;
  /** Whether users get it: some entry of the package reaches it. Tests, their helpers and build scripts stay at home. */
  ships: boolean;
}

export interface SourceGraph {
  workspace: Workspace;
  files: Map<string, SourceFile>;
}

/** What a reference points at. */
export type Target =
  | { kind: 'relative'; path: string }
  | { kind: 'workspace'; owner: Package; entry: string; path: string | undefined }
  | { kind: 'internal'; name: string }
  | { kind: 'builtin'; name: string }
  | { kind: 'external'; name: string };

/** Reads the sources of every package; AssemblyScript (in folders named `assembly`) is another language and stays out. */
export function readGraph(workspace: Workspace): SourceGraph {
  const files = new Map<string, SourceFile>();
  for (const owner of workspace.packages) {
    for (const path of typescriptFiles(workspace.root, `${owner.folder}/src`)) {
      if (path.includes('/assembly/')) continue;
      const parsed = parseSource(path, readFileSync(join(workspace.root, path), 'utf8'));
      files.set(path, { ...parsed, path, owner, ships: false });
    }
  }
  const graph = { workspace, files };
  for (const owner of workspace.packages) markShipped(graph, owner);
  return graph;
}

function markShipped({ workspace, files }: SourceGraph, owner: Package): void {
  const own = [...files.keys()].filter((path) => path.startsWith(`${owner.folder}/`));
  // A worker is started by its address, which nothing here follows.
  const entries = [...sourceEntries(owner).values(), 'src/worker.ts'].map((source) => posix.join(owner.folder, source));
  const queue = owner.isApp ? own.filter((path) => !/\.(test|bench)\.ts$/.test(path)) : entries;
  for (const path of queue) {
    const file = files.get(path);
    if (!file || file.ships) continue;
    file.ships = true;
    for (const reference of file.references) {
      const target = resolveReference(workspace, file, reference);
      if (target.kind === 'relative') queue.push(target.path);
    }
  }
}

export function resolveReference(workspace: Workspace, from: SourceFile, { specifier }: Reference): Target {
  if (specifier.startsWith('.')) return { kind: 'relative', path: posix.join(posix.dirname(from.path), specifier) };
  if (specifier.startsWith('#')) return { kind: 'internal', name: specifier };
  if (isBuiltin(specifier)) return { kind: 'builtin', name: specifier };
  const parts = specifier.split('/');
  const name = parts.slice(0, specifier.startsWith('@') ? 2 : 1).join('/');
  const owner = workspace.packages.find(({ manifest }) => manifest.name === name);
  if (!owner) return { kind: 'external', name };
  const entry = specifier === name ? '.' : `.${specifier.slice(name.length)}`;
  const source = sourceEntries(owner).get(entry);
  return { kind: 'workspace', owner, entry, path: source && posix.join(owner.folder, source) };
}
