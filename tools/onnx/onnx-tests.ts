import { CovpoolError } from '@covpool/base';
import type { Step } from '../check/step.ts';
import { testsOn } from '../check/unit-tests.ts';
import { provideOnnxruntime } from './install-onnxruntime.ts';

/**
 * What `exportOnnx` writes, run by ONNX Runtime; skipped where that is not to be had.
 *
 * @param full `all`, or names of published networks that are compared at full width, too
 */
export const onnxTests = (full?: string): Step => ({
  name: 'onnx',
  async run() {
    try {
      const environment = {
        COVPOOL_ONNXRUNTIME: await provideOnnxruntime(),
        ...(full !== undefined && { COVPOOL_ONNX_FULL: full }),
      };
      return await testsOn('onnx', 'wasm', ['packages/covpool/src/onnx.test.ts'], environment).run();
    } catch (cause) {
      if (cause instanceof CovpoolError && cause.code === 'unsupported') return { exitCode: 0, skipped: cause.message };
      throw cause;
    }
  },
});
