import { execFile } from 'node:child_process';
import { mkdir, readFile, realpath, symlink } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import type { Manifest, Package, Workspace } from '../workspace.ts';

const execute = promisify(execFile);

/** A public package as a user would download it, unpacked. */
export interface PackedPackage {
  owner: Package;
  tarball: string;
  /** The manifest inside, in which pnpm has replaced `workspace:` and `catalog:` by versions. */
  manifest: Manifest;
}

/** Packs every public package and installs the tarballs into `consumer/node_modules`, beside links to what they need. */
export async function installPacked(workspace: Workspace, consumer: string): Promise<PackedPackage[]> {
  const modules = join(consumer, 'node_modules');
  const owners = workspace.packages.filter(({ isApp, manifest }) => !isApp && !manifest.private);
  const filters = owners.map(({ manifest }) => `--filter=${manifest.name}`);
  const { stdout } = await execute('pnpm', ['-r', ...filters, 'pack', '--json', '--pack-destination', consumer], {
    cwd: workspace.root,
    maxBuffer: 2 ** 26,
  });
  const tarballs = JSON.parse(stdout) as { name: string; filename: string }[];
  const packed: PackedPackage[] = [];
  for (const owner of owners) {
    const { name } = owner.manifest;
    const tarball = tarballs.find((entry) => entry.name === name)?.filename;
    if (!tarball)
      throw new Error(`packages: pnpm must pack ${name}, got ${tarballs.map((entry) => entry.name).join(', ')}`);
    const folder = join(modules, name);
    await mkdir(folder, { recursive: true });
    await execute('tar', ['-xzf', tarball, '-C', folder, '--strip-components=1']);
    const manifest = JSON.parse(await readFile(join(folder, 'package.json'), 'utf8')) as Manifest;
    packed.push({ owner, tarball, manifest });
  }
  for (const { owner, manifest } of packed) {
    for (const dependency of Object.keys({ ...manifest.dependencies, ...manifest.peerDependencies })) {
      if (packed.some((other) => other.manifest.name === dependency)) continue;
      if (workspace.packages.some((other) => other.manifest.name === dependency)) {
        throw new Error(`packages: ${manifest.name} needs ${dependency}, which is private; make it public or drop it`);
      }
      await link(join(workspace.root, owner.folder, 'node_modules', dependency), join(modules, dependency));
    }
  }
  await link(join(workspace.root, 'node_modules/@types/node'), join(modules, '@types/node'));
  return packed;
}

async function link(from: string, to: string): Promise<void> {
  await mkdir(dirname(to), { recursive: true });
  await symlink(await realpath(from), to).catch((cause: NodeJS.ErrnoException) => {
    if (cause.code !== 'EEXIST') throw cause;
  });
}
