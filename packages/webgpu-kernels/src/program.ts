import { checkArgument, CovpoolError } from '@covpool/base';
import { env, type TensorInfo, util } from '@tensorflow/tfjs-core';
import type { Helper } from './group-reductions.ts';
import { hasSubgroups } from './subgroups.ts';
import type { RecordingBackend } from './webgpu-backend.ts';

/** A compute shader. */
export interface Program {
  /** Its name in profiles and in messages of the device. */
  label: string;
  /** Threads of a workgroup. */
  threads: number;
  /** WGSL with `fn run(group: u32, thread: u32)`, called once by each thread of each group. */
  code: string;
  /** What the code calls that has a form of its own on devices with subgroups. */
  helpers?: Helper[];
}

/** What a dispatch of a program works on. In WGSL the tensors are arrays of f32 by these names, the numbers fields of `sizes`. */
export interface Dispatch {
  reads: Record<string, TensorInfo>;
  /** More that is read: arrays of whole numbers, i32. */
  tables?: Record<string, TensorInfo>;
  writes: Record<string, TensorInfo>;
  /** Whole numbers, u32. */
  sizes?: Record<string, number>;
  /** Real numbers, f32. */
  scalars?: Record<string, number>;
  /** Workgroups. */
  groups: number;
}

interface Compiled {
  pipeline: GPUComputePipeline;
  layout: GPUBindGroupLayout;
}

interface DeviceCache {
  compiled: Map<string, Compiled>;
  /** Uniform buffers never change, so equal numbers share one. */
  uniforms: Map<string, GPUBuffer>;
}

const caches = new WeakMap<GPUDevice, DeviceCache>();

/** More than networks of fixed shapes have; those of ever new ones start anew. */
const MAX_UNIFORMS = 4096;

/** `GPUShaderStage.COMPUTE` and `GPUBufferUsage.COPY_DST | UNIFORM`: Node has no such globals where types are checked only. */
const COMPUTE_STAGE = 4;
const UNIFORM_USAGE = 8 | 64;

/** Records one dispatch behind those that the backend has recorded; TensorFlow.js submits them together. */
export function dispatch(backend: RecordingBackend, program: Program, work: Dispatch): void {
  const { reads, tables = {}, writes } = work;
  for (const { dtype } of [...Object.values(reads), ...Object.values(writes)]) {
    checkArgument(dtype === 'float32', () => `${program.label}: tensors must be float32, got ${dtype}; cast them`);
  }
  const tensors = [reads, tables, writes].flatMap((named) => Object.values(named));
  if (work.groups === 0) return;
  // Uploads end the pass that is being recorded, so they come first.
  for (const { dataId } of tensors) backend.uploadToGPU(dataId);
  const cache = cacheOf(backend.device);
  const { pipeline, layout } = compile(backend, cache, program, work);
  const buffers = tensors.map(({ dataId }) => backend.tensorMap.get(dataId).resource);
  const resources = [uniformBuffer(backend, cache, work), ...buffers];
  const entries = resources.map((buffer, binding) => ({ binding, resource: { buffer } }));
  const bindGroup = backend.device.createBindGroup({ layout, entries });
  for (const { dataId } of tensors) backend.commandQueueOwnedIds.add(dataId);
  record(backend, program.label, pipeline, bindGroup, work.groups);
}

/** As the backend's own `recordAndSubmit` does it. */
function record(
  backend: RecordingBackend,
  label: string,
  pipeline: GPUComputePipeline,
  bindGroup: GPUBindGroup,
  groups: number,
): void {
  const timers = backend.activeTimers;
  backend.ensureCommandEncoderReady();
  if (timers && backend.supportTimestampQuery) {
    backend.endComputePassEncoder();
    backend.querySet ??= backend.device.createQuerySet({ type: 'timestamp', count: backend.querySetCount });
    const timestampWrites = { querySet: backend.querySet, beginningOfPassWriteIndex: 0, endOfPassWriteIndex: 1 };
    backend.computePassEncoder = backend.commandEncoder.beginComputePass({ timestampWrites });
  }
  const pass = (backend.computePassEncoder ??= backend.commandEncoder.beginComputePass());
  pass.setPipeline(pipeline);
  pass.setBindGroup(0, bindGroup);
  const limit = backend.device.limits.maxComputeWorkgroupsPerDimension;
  const columns = groups <= limit ? groups : Math.ceil(Math.sqrt(groups));
  pass.dispatchWorkgroups(columns, Math.ceil(groups / columns), 1);
  backend.dispatchCountInPass++;
  if (timers) {
    backend.endComputePassEncoder();
    timers.push({ name: label, query: backend.getQueryTime() });
  } else if (backend.dispatchCountInPass >= (env().get('WEBGPU_DEFERRED_SUBMIT_BATCH_SIZE') as number)) {
    backend.endComputePassEncoder();
    backend.submitQueue();
  }
}

function cacheOf(device: GPUDevice): DeviceCache {
  let cache = caches.get(device);
  if (!cache) caches.set(device, (cache = { compiled: new Map(), uniforms: new Map() }));
  return cache;
}

function compile(backend: RecordingBackend, { compiled }: DeviceCache, program: Program, work: Dispatch): Compiled {
  const { device } = backend;
  const code = shader(program, work, hasSubgroups(backend));
  let found = compiled.get(code);
  if (!found) {
    const { label } = program;
    const kinds: GPUBufferBindingType[] = [
      'uniform',
      ...Object.keys({ ...work.reads, ...work.tables }).map(() => 'read-only-storage' as const),
      ...Object.keys(work.writes).map(() => 'storage' as const),
    ];
    const { maxStorageBuffersPerShaderStage: buffers, maxComputeInvocationsPerWorkgroup: threads } = device.limits;
    if (kinds.length - 1 > buffers || program.threads > threads) {
      throw new CovpoolError(
        'unsupported',
        `${label}: the device allows ${buffers} buffers and ${threads} threads only`,
      );
    }
    const layout = device.createBindGroupLayout({
      entries: kinds.map((type, binding) => ({ binding, visibility: COMPUTE_STAGE, buffer: { type } })),
    });
    const module = device.createShaderModule({ code, label });
    const pipeline = device.createComputePipeline({
      label,
      layout: device.createPipelineLayout({ bindGroupLayouts: [layout] }),
      compute: { module, entryPoint: 'main' },
    });
    compiled.set(code, (found = { pipeline, layout }));
  }
  return found;
}

/** The whole text: bindings, the program, the entry. Groups beyond 65,535 take a second dimension, of which the last row may be partly empty. */
function shader({ threads, code, helpers = [] }: Program, work: Dispatch, subgroups: boolean): string {
  const { reads, tables = {}, writes, sizes = {}, scalars = {} } = work;
  const fields = [
    'groups: u32',
    ...Object.keys(sizes).map((n) => `${n}: u32`),
    ...Object.keys(scalars).map((n) => `${n}: f32`),
  ];
  const buffers = [
    ...Object.keys(reads).map((name) => `var<storage, read> ${name}: array<f32>;`),
    ...Object.keys(tables).map((name) => `var<storage, read> ${name}: array<i32>;`),
    ...Object.keys(writes).map((name) => `var<storage, read_write> ${name}: array<f32>;`),
  ];
  return `${subgroups && helpers.length > 0 ? 'enable subgroups;\n' : ''}struct Sizes { ${fields.join(', ')} }
@group(0) @binding(0) var<uniform> sizes: Sizes;
${buffers.map((text, i) => `@group(0) @binding(${i + 1}) ${text}`).join('\n')}
const THREADS = ${threads}u;
${helpers.map((helper) => helper(subgroups)).join('')}${code}
@compute @workgroup_size(${threads})
fn main(
  @builtin(workgroup_id) id: vec3<u32>,
  @builtin(num_workgroups) count: vec3<u32>,
  @builtin(local_invocation_index) thread: u32,
) {
  let group = id.x + id.y * count.x;
  if (group < sizes.groups) { run(group, thread); }
}
`;
}

function uniformBuffer(backend: RecordingBackend, { uniforms }: DeviceCache, work: Dispatch): GPUBuffer {
  const whole = [work.groups, ...Object.values(work.sizes ?? {})];
  const real = Object.values(work.scalars ?? {});
  const key = `${whole.join()};${real.join()}`;
  let buffer = uniforms.get(key);
  if (!buffer) {
    if (uniforms.size >= MAX_UNIFORMS) uniforms.clear();
    const bytes = new ArrayBuffer(Math.ceil((whole.length + real.length) / 4) * 16);
    new Uint32Array(bytes).set(whole);
    new Float32Array(bytes, 4 * whole.length).set(real);
    buffer = backend.device.createBuffer({ size: bytes.byteLength, usage: UNIFORM_USAGE });
    backend.queue.writeBuffer(buffer, 0, bytes);
    uniforms.set(key, buffer);
  }
  return buffer;
}

/** A new tensor whose numbers are whatever the memory held; an empty one has none. */
export function output(backend: RecordingBackend, shape: number[]): TensorInfo {
  const info = backend.makeTensorInfo(shape, 'float32');
  if (util.sizeFromShape(shape) === 0) backend.tensorMap.get(info.dataId).values = new Float32Array(0);
  return info;
}

/** Numbers of the processor, for a few dispatches; a buffer of none is not possible, so that there is one at least. */
export function upload(backend: RecordingBackend, numbers: Float32Array | Int32Array): TensorInfo {
  const values = numbers.length > 0 ? numbers : numbers instanceof Int32Array ? Int32Array.of(0) : Float32Array.of(0);
  return backend.makeTensorInfo([values.length], values instanceof Int32Array ? 'int32' : 'float32', values);
}

/** Numbers that live for a few dispatches; freed when the backend submits them. */
export function free(backend: RecordingBackend, ...tensors: TensorInfo[]): void {
  for (const { dataId } of tensors) backend.disposeData(dataId);
}
