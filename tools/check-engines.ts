import { existsSync } from 'node:fs';
import { CovpoolError } from '@covpool/base';
import { runSteps, type Step } from './check/step.ts';
import { testsOn } from './check/unit-tests.ts';
import { provideTensorflow } from './engines/build-tensorflow.ts';
import { provideWebgpu } from './engines/install-webgpu.ts';
import { onnxTests } from './onnx/onnx-tests.ts';

// The suites on the engines that no plain install has. What a machine cannot have is skipped, in a line that says why.

const methods = ['engines', 'core', 'covariance', 'matrix-power', 'dropcov'].map((id) => `packages/${id}`);

/** A software adapter compiles each shader in a tenth of a second or more, so it runs a few suites. */
const smoke = [
  'packages/engines',
  'packages/core/src/batch-norm-training.test.ts',
  'packages/core/src/define-kernel.test.ts',
  'packages/core/src/host-kernel.test.ts',
  'packages/core/src/layers.test.ts',
  'packages/covariance/src/covariance.test.ts',
  'packages/covariance/src/triu.test.ts',
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

process.exitCode = await runSteps([
  whereProvided(() => provideTensorflow('cpu'), testsOn('tensorflow', 'tensorflow', methods)),
  whereProvided(provideSoftwareWebgpu, testsOn('webgpu', 'webgpu', smoke, vulkan)),
  onnxTests,
]);
