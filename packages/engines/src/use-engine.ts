import '@tensorflow/tfjs-layers'; // registers every gradient of TensorFlow.js; tfjs-core alone has none in Node
import { CovpoolError, unknownName } from '@covpool/base';
import { cpuEngine } from './cpu-engine.ts';
import { type Engine, type EngineAttempt, type EngineName, engineNames } from './engine.ts';
import { registerReluGradient } from './relu-gradient.ts';
import { tensorflowCpuEngine, tensorflowGpuEngine } from './tensorflow-engine.ts';
import { wasmEngine } from './wasm-engine.ts';
import { webglEngine } from './webgl-engine.ts';
import { webgpuEngine } from './webgpu-engine.ts';

/**
 * Every engine in the order of preference. TensorFlow's library on the processor stands behind wasm, which is quicker for
 * small networks and gives the same bits twice: whoever trains large ones names it.
 */
export const engines: readonly Engine[] = [
  tensorflowGpuEngine,
  webgpuEngine,
  wasmEngine,
  tensorflowCpuEngine,
  webglEngine,
  cpuEngine,
];

/** The engine that runs the tensors from now on. */
export interface EngineInfo {
  name: EngineName;
  version: string;
  /** One line: what it is, and why none of the faster ones was taken. */
  why: string;
}

/**
 * Readies an engine: the named one, or the first in the order of preference that really works here. TensorFlow.js runs on it afterwards, with
 * gradients registered and the engine's gaps filled.
 *
 * ```ts
 * const { name, why } = await useEngine();
 * ```
 * @throws bad-argument for an unknown name; unsupported if the named engine does not work, saying what to do
 */
export async function useEngine(name?: EngineName | (string & {})): Promise<EngineInfo> {
  registerReluGradient();
  if (name !== undefined) return useNamed(name);
  const refused: string[] = [];
  for (const engine of engines) {
    const attempt = engine.absent?.() ?? (await engine.start());
    if (attempt.ok && !attempt.software) return describe(engine.name, attempt, refused);
    refused.push(`${engine.name}: ${attempt.ok ? `software adapter (${attempt.detail})` : attempt.reason}`);
  }
  throw new CovpoolError('unsupported', `useEngine: no engine works here; ${refused.join('; ')}`);
}

async function useNamed(name: string): Promise<EngineInfo> {
  const engine = engines.find((candidate) => candidate.name === name);
  if (!engine) throw unknownName('useEngine', 'engine', name, engineNames);
  const attempt = await engine.start();
  if (!attempt.ok) {
    throw new CovpoolError(
      'unsupported',
      `useEngine: engine '${name}' does not work here: ${attempt.reason}; ${attempt.remedy}`,
    );
  }
  return describe(engine.name, attempt, []);
}

function describe(name: EngineName, attempt: EngineAttempt & { ok: true }, refused: string[]): EngineInfo {
  const because = refused.length > 0 ? `; ${refused.join('; ')}` : '';
  return { name, version: attempt.version, why: `${attempt.detail}${because}` };
}
