import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The part of a package.json that the tools read. */
export interface Manifest {
  name: string;
  private?: boolean;
  sideEffects?: boolean | string[];
  exports?: Record<string, string | { '@covpool/source'?: string }>;
  dependencies?: Record<string, string>;
  peerDependencies?: Record<string, string>;
  optionalDependencies?: Record<string, string>;
  devDependencies?: Record<string, string>;
}

/** A package or an app of the workspace. */
export interface Package {
  /** Its name in the table of arrows: the folder's. */
  id: string;
  /** From the root, with forward slashes: `packages/core`. */
  folder: string;
  manifest: Manifest;
  isApp: boolean;
}

export interface Workspace {
  root: string;
  manifest: Manifest;
  packages: Package[];
}

export const repositoryRoot = fileURLToPath(new URL('..', import.meta.url));

export function readWorkspace(root: string): Workspace {
  const packages = ['packages', 'apps'].flatMap((group) => {
    if (!existsSync(join(root, group))) return [];
    return readdirSync(join(root, group))
      .filter((id) => existsSync(join(root, group, id, 'package.json')))
      .sort()
      .map((id): Package => {
        const folder = `${group}/${id}`;
        return { id, folder, manifest: readManifest(join(root, folder)), isApp: group === 'apps' };
      });
  });
  return { root, manifest: readManifest(root), packages };
}

function readManifest(folder: string): Manifest {
  return JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as Manifest;
}

/** The TypeScript file behind each entry, `.` and `./node` for instance, from the package's folder. */
export function sourceEntries({ manifest }: Package): Map<string, string> {
  const entries = new Map<string, string>();
  for (const [entry, target] of Object.entries(manifest.exports ?? {})) {
    if (typeof target !== 'string' && target['@covpool/source']) entries.set(entry, target['@covpool/source']);
  }
  return entries;
}

/** The TypeScript files under a folder, from the root, with forward slashes. */
export function typescriptFiles(root: string, folder: string): string[] {
  if (!existsSync(join(root, folder))) return [];
  return readdirSync(join(root, folder), { withFileTypes: true })
    .sort((p, q) => (p.name < q.name ? -1 : 1))
    .flatMap((entry) => {
      const path = `${folder}/${entry.name}`;
      if (entry.isDirectory()) return ['node_modules', 'dist'].includes(entry.name) ? [] : typescriptFiles(root, path);
      return entry.name.endsWith('.ts') ? [path] : [];
    });
}
