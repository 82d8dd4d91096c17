import { env, setBackend } from '@tensorflow/tfjs-core';
import type { Engine } from './engine.ts';
import { isNode, messageOf, optionalImport } from './platform.ts';

/** WebGL, for browsers without WebGPU. Refused where textures hold 16-bit floats only: Newton–Schulz stalls there. */
export const webglEngine: Engine = {
  name: 'webgl',
  async start() {
    if (isNode) return { ok: false, reason: 'needs a browser', remedy: 'use webgpu in Node' };
    try {
      const module = await optionalImport<{ version_webgl: string }>('@tensorflow/tfjs-backend-webgl');
      if (!module) {
        const name = '@tensorflow/tfjs-backend-webgl';
        return { ok: false, reason: `the package '${name}' is not there`, remedy: `import it from your bundle` };
      }
      if (!(await setBackend('webgl'))) throw new Error('the backend did not initialise');
      if (!env().getBool('WEBGL_RENDER_FLOAT32_ENABLED')) throw new Error('only 16-bit float textures');
      return { ok: true, backend: 'webgl', version: module.version_webgl, detail: '32-bit float textures' };
    } catch (cause) {
      return { ok: false, reason: messageOf(cause), remedy: 'use wasm' };
    }
  },
};
