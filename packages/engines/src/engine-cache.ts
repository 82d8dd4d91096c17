import { nodeBuiltin } from './platform.ts';

/** What TensorFlow's library is taken from: the wheel for the processor, or the one that also drives CUDA. */
export type TensorflowVariant = 'cpu' | 'gpu';

/** The releases that the commands `engines:tensorflow` and `engines:webgpu` install. */
export const engineVersions = { tensorflow: '2.18.1', tfjsNode: '4.22.0', webgpu: '0.6.2' } as const;

/**
 * The folder of one engine that is too large, or too rarely wanted, for a dependency: outside `node_modules`, so that a
 * reinstall does not lose it. It is there only as a whole.
 */
function engineFolder(name: string): string | undefined {
  const [os, path] = [nodeBuiltin<typeof import('node:os')>('node:os'), nodeBuiltin<NodePath>('node:path')];
  if (!os || !path) return undefined;
  const cache = process.env.XDG_CACHE_HOME;
  const root = cache && path.isAbsolute(cache) ? cache : path.join(os.homedir(), '.cache');
  return path.join(root, 'covpool', name);
}

/** Where `engines:tensorflow` builds to and the engine loads from. */
export const tensorflowFolder = (variant: TensorflowVariant): string | undefined =>
  engineFolder(`tensorflow-${variant}-${engineVersions.tensorflow}`);

/** Where `engines:webgpu` installs Dawn to and the engine loads it from. */
export const webgpuFolder = (): string | undefined => engineFolder(`webgpu-${engineVersions.webgpu}`);

type NodePath = typeof import('node:path');

/** Node's `require` as from a file in the folder, or nothing where the folder is not there. */
export function requireFrom(folder: string | undefined): NodeRequire | undefined {
  const [fs, path, module] = [
    nodeBuiltin<typeof import('node:fs')>('node:fs'),
    nodeBuiltin<NodePath>('node:path'),
    nodeBuiltin<typeof import('node:module')>('node:module'),
  ];
  if (!folder || !fs?.existsSync(folder) || !path || !module) return undefined;
  return module.createRequire(path.join(folder, 'index.js'));
}
