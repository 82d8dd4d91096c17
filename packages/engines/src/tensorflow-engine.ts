import { setBackend } from '@tensorflow/tfjs-core';
import type { Engine } from './engine.ts';
import { isNode, messageOf, nodeBuiltin, optionalImport } from './platform.ts';

/** TensorFlow's C library through `@tensorflow/tfjs-node` or `-gpu`: optional, Node only. */
function tensorflowEngine(name: 'tensorflow' | 'tensorflow-gpu', packageName: string): Engine {
  return {
    name,
    async start() {
      if (!isNode) return { ok: false, reason: 'needs Node', remedy: 'use webgpu in a browser' };
      restoreRemovedUtilities();
      try {
        const module = await optionalImport<{ version: Record<string, string> }>(packageName);
        if (!module) {
          return {
            ok: false,
            reason: `the package '${packageName}' is not installed`,
            remedy: `pnpm add ${packageName}`,
          };
        }
        if (!(await setBackend('tensorflow'))) throw new Error('the backend did not initialise');
        return { ok: true, backend: 'tensorflow', version: module.version['tfjs-node'] ?? '', detail: packageName };
      } catch (cause) {
        return { ok: false, reason: messageOf(cause), remedy: `reinstall ${packageName}` };
      }
    },
  };
}

/** tfjs-node 4.22 calls functions that Node 23 removed. */
function restoreRemovedUtilities(): void {
  const util = nodeBuiltin<Record<string, unknown>>('node:util');
  if (util && !('isNullOrUndefined' in util)) util.isNullOrUndefined = (value: unknown) => value == null;
}

export const tensorflowCpuEngine = tensorflowEngine('tensorflow', '@tensorflow/tfjs-node');
export const tensorflowGpuEngine = tensorflowEngine('tensorflow-gpu', '@tensorflow/tfjs-node-gpu');
