import type { TensorInfo } from '@tensorflow/tfjs-core';
import type { WebGPUBackend } from '@tensorflow/tfjs-backend-webgpu';

/**
 * The backend with the parts that record commands. It keeps them private; its version is pinned, and its own `runWebGPUProgram`
 * writes one tensor a dispatch, which an iteration that keeps what its gradient needs cannot live with.
 */
export interface RecordingBackend
  extends Pick<
    WebGPUBackend,
    | 'device'
    | 'queue'
    | 'uploadToGPU'
    | 'ensureCommandEncoderReady'
    | 'endComputePassEncoder'
    | 'submitQueue'
    | 'getQueryTime'
    | 'disposeData'
    | 'incRef'
  > {
  makeTensorInfo(shape: number[], dtype: 'float32' | 'int32', values?: Float32Array | Int32Array): TensorInfo;
  tensorMap: { get(dataId: object): { resource: GPUBuffer; values: unknown; dtype: string } };
  commandEncoder: GPUCommandEncoder;
  computePassEncoder: GPUComputePassEncoder | null;
  commandQueueOwnedIds: WeakSet<object>;
  dispatchCountInPass: number;
  /** The timers of `tf.time`, while one runs. */
  activeTimers?: { name: string; query: Promise<number> }[] | null;
  supportTimestampQuery: boolean;
  querySet: GPUQuerySet | null;
  querySetCount: number;
}
