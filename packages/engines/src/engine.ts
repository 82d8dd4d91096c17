/** The engines that can run the tensors, fastest first. */
export const engineNames = ['tensorflow-gpu', 'webgpu', 'wasm', 'tensorflow', 'webgl', 'cpu'] as const;

export type EngineName = (typeof engineNames)[number];

/** What came of trying an engine. */
export type EngineAttempt =
  | { ok: true; backend: string; version: string; detail: string; software?: boolean }
  | { ok: false; reason: string; remedy: string };

/** One engine: how to bring it up. `start` leaves TensorFlow.js running on it if it succeeds. */
export interface Engine {
  name: EngineName;
  /** Why it is started by name only, where what it should compute on is not there; quick and silent. */
  absent?: () => string | undefined;
  start: () => Promise<EngineAttempt>;
}
