import { type KernelBackend, registerBackend, setBackend } from '@tensorflow/tfjs-core';
import type { Engine } from './engine.ts';
import { requireFrom, tensorflowFolder, type TensorflowVariant } from './engine-cache.ts';
import { allowRelaxedSimd, isNode, messageOf, nodeBuiltin, optionalImport } from './platform.ts';
import { registerConvolutions } from './tensorflow-convolution.ts';
import { registerDepthwiseConvolutions } from './tensorflow-depthwise.ts';
import { registerTensorflowHostKernels } from './tensorflow-host-kernels.ts';
import { registerReluKernel, registerTensorflowKernels } from './tensorflow-kernels.ts';
import { tensorflow } from './tensorflow-operation.ts';
import { registerPaddedPooling } from './tensorflow-pooling.ts';
import { registerProducts } from './tensorflow-product.ts';
import { registerReshape } from './tensorflow-reshape.ts';

/** TensorFlow's C library, which a process loads once. */
interface Library {
  version: string;
  detail: string;
}

/** An installed `@tensorflow/tfjs-node` or `-gpu`, or what `engines:tensorflow` built. Node only. */
function tensorflowEngine(
  name: 'tensorflow' | 'tensorflow-gpu',
  packageName: string,
  variant: TensorflowVariant,
): Engine {
  const remedy = `run \`npx -y pnpm@10 engines:tensorflow${variant === 'gpu' ? ' --cuda' : ''}\` in a clone of covpool`;
  return {
    name,
    async start() {
      if (!isNode) return { ok: false, reason: 'needs Node', remedy: 'use webgpu in a browser' };
      allowRelaxedSimd();
      try {
        const library = await loadTensorflow(packageName, variant);
        if (!library) return { ok: false, reason: `neither '${packageName}' nor a build of TensorFlow found`, remedy };
        if (!(await setBackend('tensorflow'))) throw new Error('the backend did not initialise');
        const onGpu = tensorflow().isUsingGpuDevice;
        if (variant === 'gpu' && !onGpu) throw new Error(`${library.detail} finds no CUDA device`);
        registerConvolutions(onGpu);
        registerDepthwiseConvolutions();
        registerPaddedPooling();
        registerReluKernel();
        registerReshape();
        if (!onGpu) {
          registerProducts();
          registerTensorflowKernels();
          await registerTensorflowHostKernels();
        }
        return { ok: true, backend: 'tensorflow', ...library };
      } catch (cause) {
        return { ok: false, reason: messageOf(cause), remedy };
      }
    },
  };
}

/** Registers the backend as it is released, with no kernel of ours; nothing where there is none. */
export async function loadTensorflow(packageName: string, variant: TensorflowVariant): Promise<Library | undefined> {
  restoreRemovedUtilities();
  return (await fromPackage(packageName)) ?? fromCache(packageName, variant);
}

async function fromPackage(packageName: string): Promise<Library | undefined> {
  const module = await optionalImport<{ version: Record<string, string> }>(packageName);
  return module && { version: module.version['tfjs-node'] ?? '', detail: packageName };
}

interface Binding {
  TF_Version: string;
}

interface BackendModule {
  NodeJSKernelBackend: new (binding: Binding, packageName: string) => KernelBackend;
}

let loaded: Library | undefined;

/**
 * Loads the backend of tfjs-node without the rest of that package. It asks for the union package of TensorFlow.js, which would
 * register a second set of everything; an empty module stands in its place, to be filled with the core that runs here.
 */
function fromCache(packageName: string, variant: TensorflowVariant): Library | undefined {
  if (loaded) return loaded;
  const require = requireFrom(tensorflowFolder(variant));
  if (!require) return undefined;
  // Else it greets every process with the instructions that it would rather have.
  process.env.TF_CPP_MIN_LOG_LEVEL ??= '1';
  // Else each large result is memory new from the system, and the clearing of its pages costs more than the operation.
  process.env.TF_CPU_ALLOCATOR_USE_BFC ??= 'true';
  // By `require`, because a bundler for browsers would keep all of an imported namespace.
  const core = nodeBuiltin<typeof import('node:module')>('node:module')!.createRequire(import.meta.url);
  Object.assign(require('./node_modules/@tensorflow/tfjs.js') as object, core('@tensorflow/tfjs-core'));
  const { NodeJSKernelBackend } = require('./dist/nodejs_kernel_backend.js') as BackendModule;
  require('./dist/register_all_kernels.js');
  const binding = require('./lib/napi-v8/tfjs_binding.node') as Binding;
  registerBackend('tensorflow', () => new NodeJSKernelBackend(binding, packageName), 3);
  const { version } = require('./package.json') as { version: string };
  loaded = { version, detail: `TensorFlow ${binding.TF_Version}` };
  return loaded;
}

/** tfjs-node 4.22 calls functions that Node 23 removed. */
function restoreRemovedUtilities(): void {
  const util = nodeBuiltin<Record<string, unknown>>('node:util');
  if (util && !('isNullOrUndefined' in util)) util.isNullOrUndefined = (value: unknown) => value == null;
}

export const tensorflowCpuEngine = tensorflowEngine('tensorflow', '@tensorflow/tfjs-node', 'cpu');
export const tensorflowGpuEngine = tensorflowEngine('tensorflow-gpu', '@tensorflow/tfjs-node-gpu', 'gpu');
