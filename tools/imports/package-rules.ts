import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Arrows } from './file-rules.ts';
import type { Problem } from './problem.ts';
import { sourceEntries, typescriptFiles, type Manifest, type Package, type Workspace } from '../workspace.ts';

const MOST_LINES = 400;

/** The rules about packages as a whole: the table itself, manifests, entries, sizes of files. */
export function packageProblems(workspace: Workspace, arrows: Arrows, table: string): Problem[] {
  return [
    ...tableProblems(workspace, arrows, table),
    ...workspace.packages.flatMap((owner) => [
      ...manifestProblems(workspace, arrows, owner),
      ...entryProblems(workspace, owner),
    ]),
    ...longFiles(workspace),
  ];
}

function tableProblems({ packages }: Workspace, arrows: Arrows, table: string): Problem[] {
  const problem = (message: string): Problem => ({ file: table, line: 1, rule: 'table', message });
  const ids = new Set(packages.map(({ id }) => id));
  const named = new Set([...Object.keys(arrows), ...Object.values(arrows).flat()]);
  const cycle = findCycle(arrows);
  return [
    ...[...ids].filter((id) => !arrows[id]).map((id) => problem(`ARROWS has no row for '${id}'; add one`)),
    ...[...named].filter((id) => !ids.has(id)).map((id) => problem(`ARROWS names '${id}', which does not exist`)),
    ...(cycle ? [problem(`the arrows go round: ${cycle.join(' > ')}; remove one of them`)] : []),
  ];
}

/** One cycle of the graph, first node repeated at the end, or nothing. */
export function findCycle(arrows: Arrows): string[] | undefined {
  const done = new Set<string>();
  const visit = (id: string, path: string[]): string[] | undefined => {
    if (path.includes(id)) return [...path.slice(path.indexOf(id)), id];
    if (done.has(id)) return undefined;
    for (const next of arrows[id] ?? []) {
      const cycle = visit(next, [...path, id]);
      if (cycle) return cycle;
    }
    done.add(id);
    return undefined;
  };
  for (const id of Object.keys(arrows)) {
    const cycle = visit(id, []);
    if (cycle) return cycle;
  }
  return undefined;
}

function manifestProblems({ root, packages }: Workspace, arrows: Arrows, owner: Package): Problem[] {
  const file = `${owner.folder}/package.json`;
  const { dependencies, peerDependencies, optionalDependencies }: Manifest = owner.manifest;
  const names = Object.keys({ ...dependencies, ...peerDependencies, ...optionalDependencies });
  return packages
    .filter((other) => names.includes(other.manifest.name) && !arrows[owner.id]?.includes(other.id))
    .map((other) => ({
      file,
      line: lineOf(join(root, file), `"${other.manifest.name}"`),
      rule: 'arrows',
      message: `${owner.id} may not depend on ${other.id}; remove it, or change ARROWS in tools/check-imports.ts and say why`,
    }));
}

function entryProblems({ root }: Workspace, owner: Package): Problem[] {
  const file = `${owner.folder}/package.json`;
  return [...sourceEntries(owner)]
    .filter(([, source]) => !existsSync(join(root, owner.folder, source)))
    .map(([entry, source]) => ({
      file,
      line: lineOf(join(root, file), `"${entry}"`),
      rule: 'entries exist',
      message: `the entry '${entry}' names ${source}, which does not exist; write the file or remove the entry`,
    }));
}

function longFiles({ root }: Workspace): Problem[] {
  return ['packages', 'apps', 'tools', 'bench']
    .flatMap((folder) => typescriptFiles(root, folder))
    .map((file) => ({ file, lines: readFileSync(join(root, file), 'utf8').trimEnd().split('\n').length }))
    .filter(({ lines }) => lines > MOST_LINES)
    .map(({ file, lines }) => ({
      file,
      line: MOST_LINES + 1,
      rule: 'short files',
      message: `${lines} lines, ${MOST_LINES} at most; give each idea a file of its own`,
    }));
}

function lineOf(path: string, text: string): number {
  const index = readFileSync(path, 'utf8').indexOf(text);
  return index < 0 ? 1 : readFileSync(path, 'utf8').slice(0, index).split('\n').length;
}
