import v8 from 'node:v8';
import { type EngineName, useEngine } from 'covpool';
import { loadTensorflow } from '@covpool/engines/node';
import { setBackend } from '@tensorflow/tfjs-core';

export interface Setup {
  engine: EngineName;
  /** Ours, or TensorFlow.js as it is released. */
  library: 'ours' | 'plain';
  simd: 'relaxed' | 'plain';
}

/** Readies an engine in this thread. */
export async function bringUp({ engine, library, simd }: Setup): Promise<void> {
  // The engine switches relaxed SIMD on where it is off by default.
  if (simd === 'plain') v8.setFlagsFromString = () => {};
  if (library === 'plain' && engine === 'wasm') {
    await import('@tensorflow/tfjs-backend-wasm');
    await setBackend('wasm');
  } else if (library === 'plain') {
    // As released: the engine of ours chooses the library's other allocator.
    process.env.TF_CPU_ALLOCATOR_USE_BFC = 'false';
    if (!(await loadTensorflow('@tensorflow/tfjs-node', 'cpu'))) throw new Error('no build of TensorFlow found');
    await setBackend('tensorflow');
  } else {
    await useEngine(engine);
  }
}
