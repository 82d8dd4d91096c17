import { registerFloat64Routines } from '@covpool/core';
import { registerWasmKernels, wasmFloat64Routines, wasmPrimitives } from '@covpool/wasm-kernels';
import { version_wasm } from '@tensorflow/tfjs-backend-wasm';
import { setBackend } from '@tensorflow/tfjs-core';
import type { Engine } from './engine.ts';
import { allowRelaxedSimd, messageOf } from './platform.ts';

/** The released WebAssembly backend with our kernels on its memory: the fastest engine that installs everywhere. */
export const wasmEngine: Engine = {
  name: 'wasm',
  async start() {
    allowRelaxedSimd();
    try {
      if (!(await setBackend('wasm'))) throw new Error('the backend did not initialise');
      const { relaxedSimd } = await registerWasmKernels();
      registerFloat64Routines('wasm', wasmFloat64Routines(wasmPrimitives()));
      const detail = relaxedSimd ? 'relaxed SIMD kernels' : 'SIMD kernels';
      return { ok: true, backend: 'wasm', version: version_wasm, detail };
    } catch (cause) {
      return {
        ok: false,
        reason: messageOf(cause),
        remedy: 'in a browser, call setWasmPaths with the folder of the .wasm files',
      };
    }
  },
};
