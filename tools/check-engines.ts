import { existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { CovpoolError } from '@covpool/base';
import { tensorflowFolder } from '@covpool/engines/node';
import { runSteps, type Step } from './check/step.ts';
import { testsOn } from './check/unit-tests.ts';
import { provideTensorflow } from './engines/build-tensorflow.ts';
import { provideNode } from './engines/install-node.ts';
import { provideWebgpu } from './engines/install-webgpu.ts';
import { repositoryRoot } from './workspace.ts';
import { onnxTests } from './onnx/onnx-tests.ts';

// The suites on the engines that no plain install has. What a machine cannot have is skipped, in a line that says why.

const methods = [
  ...['engines', 'core', 'covariance', 'matrix-power', 'dropcov', 'necks', 'detectors'].map((id) => `packages/${id}`),
  'packages/trainers/src/sgd-step.test.ts',
];

/** A software adapter compiles each shader in a tenth of a second or more, so it runs a few suites. */
const smoke = [
  'packages/engines',
  'packages/webgpu-kernels',
  'packages/core/src/batch-norm',
  'packages/core/src/define-kernel.test.ts',
  'packages/core/src/host-kernel.test.ts',
  'packages/core/src/layers.test.ts',
  'packages/covariance/src/covariance.test.ts',
  'packages/covariance/src/triu',
  'packages/detectors/src/roi-align.test.ts',
  'packages/detectors/src/losses.test.ts',
  'packages/idccp/src/eigenvalue-functions.test.ts',
  'packages/idccp/src/idccp.test.ts',
  'packages/matrix-power/src/cholesky-log.test.ts',
  'packages/trainers/src/sgd-step.test.ts',
  'packages/trainers/src/stiefel.test.ts',
];

/** Vulkan without a graphics card, of Debian's package chromium. */
const swiftShader = '/usr/lib/chromium/vk_swiftshader_icd.json';
const vulkan = { VK_DRIVER_FILES: swiftShader, VK_ICD_FILENAMES: swiftShader };

/** The step after its engine is provided; skipped where that is not to be had. */
function whereProvided(provide: () => Promise<unknown>, step: Step): Step {
  return {
    name: step.name,
    async run() {
      try {
        await provide();
      } catch (cause) {
        if (cause instanceof CovpoolError && cause.code === 'unsupported')
          return { exitCode: 0, skipped: cause.message };
        throw cause;
      }
      return step.run();
    },
  };
}

async function provideSoftwareWebgpu(): Promise<void> {
  if (!existsSync(swiftShader)) {
    const need = 'apt-get install chromium libvulkan1';
    throw new CovpoolError('unsupported', `webgpu: ${swiftShader} is required, got none; ${need}`);
  }
  await provideWebgpu();
}

/** What runs on other release lines of Node: each engine's start, kernels and gradients, layers, and a program with threads. */
const nodeSmoke = [
  'packages/engines',
  'packages/webgpu-kernels',
  'packages/core/src/layers.test.ts',
  'packages/matrix-power/src/layers.test.ts',
  'packages/trainers/src/ranks.test.ts',
  'packages/checkpoints/src/pretrained.test.ts',
  'packages/datasets/src/worker-pool.test.ts',
];

/** The smoke suites on another Node, on TensorFlow's library too where that is built. */
function testsOnNode(major: number): Step {
  const name = `Node ${major}`;
  return {
    name,
    async run() {
      try {
        const bin = await provideNode(major);
        const built = existsSync(tensorflowFolder('cpu')!);
        const path = [bin, join(repositoryRoot, 'node_modules/.bin'), process.env.PATH].join(delimiter);
        return testsOn(name, built ? 'cpu,wasm,tensorflow' : 'cpu,wasm', nodeSmoke, { PATH: path }).run();
      } catch (cause) {
        if (cause instanceof CovpoolError && cause.code === 'unsupported')
          return { exitCode: 0, skipped: cause.message };
        throw cause;
      }
    },
  };
}

process.exitCode = await runSteps([
  whereProvided(() => provideTensorflow('cpu'), testsOn('tensorflow', 'tensorflow', methods)),
  whereProvided(provideSoftwareWebgpu, testsOn('webgpu', 'webgpu', smoke, vulkan)),
  testsOnNode(22),
  testsOnNode(24),
  onnxTests(),
]);
