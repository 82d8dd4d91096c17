/** The engines that can run the tensors, fastest first. */
export const engineNames = ['tensorflow-gpu', 'webgpu', 'wasm', 'tensorflow', 'webgl', 'cpu'] as const;

export type EngineName = (typeof engineNames)[number];

/** Why an engine does not work here, and what to do. */
export interface EngineRefusal {
  ok: false;
  reason: string;
  remedy: string;
}

/** What came of trying an engine. */
export type EngineAttempt =
  | { ok: true; backend: string; version: string; detail: string; software?: boolean }
  | EngineRefusal;

/** One engine: how to bring it up. `start` leaves TensorFlow.js running on it if it succeeds. */
export interface Engine {
  name: EngineName;
  /** Quick and silent: why it is tried only where it is named, as there is nothing here for it to compute on. */
  absent?: () => EngineRefusal | undefined;
  start: () => Promise<EngineAttempt>;
}
