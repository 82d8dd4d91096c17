import { composedForm, registerFloat64Routines } from '@covpool/core';
import {
  channelCorrelationJob,
  type CovarianceAttrs,
  covarianceGradientJob,
  covarianceJob,
  createHostMemory,
  float64Routines,
  type HostMemory,
  keptBytes,
  type NewtonSchulzAttrs,
  newtonSchulzGradientJob,
  newtonSchulzJob,
  positionMeansJob,
  type RowRootAttrs,
  rowRootGradientJob,
  rowRootJob,
  type TriuAttrs,
  triuCovarianceGradientJob,
  triuCovarianceJob,
  triuMaskedCovarianceGradientJob,
  triuMaskedCovarianceJob,
} from '@covpool/wasm-kernels';
import {
  backend,
  type DataType,
  getKernel,
  type KernelBackend,
  type KernelFunc,
  registerKernel,
  type TensorInfo,
} from '@tensorflow/tfjs-core';
import { type JobRunner, jobRunner } from './host-threads.ts';
import { again, tensorflow } from './tensorflow-operation.ts';

type Inputs = Record<string, TensorInfo | undefined>;
type Form<Attrs> = (call: Call, inputs: Inputs, attrs: Attrs) => TensorInfo[];

/** What was computed last, for the gradient that follows: its iterates, and its rows if it has any, are in the host memory still. */
interface Last {
  input: object;
  key: string;
}

/** One call of a kernel on TensorFlow's library, its numbers brought to the routines and back. */
class Call {
  readonly host: HostMemory;
  private readonly backend: KernelBackend;
  private readonly runner: JobRunner;

  constructor(host: HostMemory, runner: JobRunner, backend: KernelBackend) {
    this.host = host;
    this.runner = runner;
    this.backend = backend;
  }

  get run(): JobRunner['run'] {
    return this.runner.run;
  }

  /** Copies a tensor into a block, unless it is what was last copied there. */
  read({ dataId, shape }: TensorInfo, block: string): number {
    const address = this.host.block(block, 4 * sizeOf(shape));
    // Where an optimiser overwrites a weight its tensor gets another number.
    const { id } = tensorflow().tensorMap.get(dataId);
    const held = copies.get(block);
    if (held?.dataId === dataId && held.id === id && held.address === address) return address;
    const { buffer, byteOffset, byteLength } = this.backend.readSync(dataId) as Float32Array | Int32Array;
    new Uint8Array(this.host.memory.buffer, address, byteLength).set(new Uint8Array(buffer, byteOffset, byteLength));
    copies.set(block, { dataId, id, address });
    return address;
  }

  room(shape: readonly number[], block: string): number {
    return this.host.block(block, 4 * sizeOf(shape));
  }

  /**
   * Room for numbers that `upload` takes. TensorFlow goes on using numbers at aligned addresses where they lie, which the next call
   * overwrites; from here it copies them.
   */
  roomToUpload(shape: readonly number[], block: string): number {
    return this.host.block(block, 4 * sizeOf(shape) + 4) + 4;
  }

  /** A new tensor with the numbers at an address. */
  write(address: number, shape: number[], dtype: DataType = 'float32'): TensorInfo {
    const Values = dtype === 'int32' ? Int32Array : Float32Array;
    const values = new Values(sizeOf(shape));
    values.set(new Values(this.host.memory.buffer, address, values.length));
    return { dataId: this.backend.write(values, shape, dtype), shape, dtype };
  }

  /**
   * The same with numbers at an address of `roomToUpload`, in TensorFlow's own memory, which it uses again and again: for tensors that
   * its operations take next. Nothing is left to the garbage collector.
   */
  upload(address: number, shape: number[]): TensorInfo {
    const values = new Float32Array(this.host.memory.buffer, address, sizeOf(shape));
    const tensor: TensorInfo = { dataId: this.backend.write(values, shape, 'float32'), shape, dtype: 'float32' };
    // The backend copies what was written when an operation asks for its number.
    tensorflow().getInputTensorIds([tensor]);
    return tensor;
  }
}

/** What each block holds a copy of. */
const copies = new Map<string, { dataId: object; id: number; address: number }>();

const sizeOf = (shape: readonly number[]): number => shape.reduce((size, extent) => size * extent, 1);

/** Above so many bytes nothing is kept for the gradient: it computes the iterates again. */
const MOST_KEPT = 2 ** 28;

let last: Last | undefined;

const keyOf = (name: string, attrs: object): string => JSON.stringify([name, attrs]);

const covariance: Form<CovarianceAttrs> = (call, { x }, attrs) => {
  const [batch, , d] = x!.shape as [number, number, number];
  const shape = [batch, d, d];
  const at = { x: call.read(x!, 'x'), to: call.room(shape, 'result') };
  call.run(covarianceJob(call.host.routines, x!.shape, attrs, at));
  return [call.write(at.to, shape)];
};

const covarianceGradient: Form<CovarianceAttrs> = (call, { dy, x }, attrs) => {
  const at = { dy: call.read(dy!, 'dy'), x: call.read(x!, 'x'), dx: call.room(x!.shape, 'result') };
  call.run(covarianceGradientJob(call.host.routines, x!.shape, attrs, at));
  return [call.write(at.dx, x!.shape)];
};

const positionMeans: Form<object> = (call, { x }) => {
  const [batch, , d] = x!.shape as [number, number, number];
  const at = { x: call.read(x!, 'x'), means: call.room([batch, d], 'result') };
  call.run(positionMeansJob(call.host.routines, x!.shape, at));
  return [again(x!), call.write(at.means, [batch, d])];
};

const channelCorrelation: Form<object> = (call, { x, weights }) => {
  const sources = { x: call.read(x!, 'x'), weights: call.read(weights!, 'weights') };
  const at = { ...sources, to: call.room(weights!.shape, 'result') };
  call.run(channelCorrelationJob(call.host.routines, x!.shape, at));
  return [call.write(at.to, weights!.shape)];
};

const triangleOf = ([batch, , d]: number[]): number[] => [batch!, (d! * (d! + 1)) / 2];

const triuCovariance: Form<TriuAttrs> = (call, { x }, attrs) => {
  const shape = triangleOf(x!.shape);
  const at = { x: call.read(x!, 'x'), v: call.roomToUpload(shape, 'result') };
  call.run(triuCovarianceJob(call.host.routines, x!.shape, attrs, at));
  return [call.upload(at.v, shape)];
};

const triuCovarianceGradient: Form<TriuAttrs> = (call, { dv, x }, attrs) => {
  const at = { dv: call.read(dv!, 'dy'), x: call.read(x!, 'x'), dx: call.roomToUpload(x!.shape, 'result') };
  call.run(triuCovarianceGradientJob(call.host.routines, x!.shape, attrs, at));
  return [call.upload(at.dx, x!.shape)];
};

const triuMaskedCovariance: Form<object> = (call, { x, weights, mask }) => {
  const shape = triangleOf(x!.shape);
  const factors = { weights: call.read(weights!, 'weights'), mask: call.read(mask!, 'mask') };
  const at = { ...factors, x: call.read(x!, 'x'), v: call.roomToUpload(shape, 'result') };
  call.run(triuMaskedCovarianceJob(call.host.routines, x!.shape, at));
  return [call.upload(at.v, shape)];
};

const triuMaskedCovarianceGradient: Form<object> = (call, { dv, x, weights, mask }) => {
  const factors = { weights: call.read(weights!, 'weights'), mask: call.read(mask!, 'mask') };
  const results = {
    dx: call.roomToUpload(x!.shape, 'result'),
    dWeights: call.room(weights!.shape, 'weights gradient'),
  };
  const at = { ...factors, ...results, dv: call.read(dv!, 'dy'), x: call.read(x!, 'x') };
  call.run(triuMaskedCovarianceGradientJob(call.host.routines, x!.shape, at));
  return [call.upload(at.dx, x!.shape), call.write(at.dWeights, weights!.shape)];
};

/** Where the iterates are kept for the gradient of an input, if they are not too many; 0: they are not. */
function keep(call: Call, name: string, input: TensorInfo, attrs: NewtonSchulzAttrs, each: number): number {
  const bytes = each * input.shape[0]!;
  if (bytes === 0 || bytes > MOST_KEPT) return 0;
  last = { input: input.dataId, key: keyOf(name, attrs) };
  return call.host.block('kept', bytes);
}

const isKept = (name: string, input: TensorInfo, attrs: NewtonSchulzAttrs): boolean =>
  last?.input === input.dataId && last.key === keyOf(name, attrs);

const newtonSchulz: Form<NewtonSchulzAttrs> = (call, { a }, attrs) => {
  const { routines } = call.host;
  const kept = keep(call, 'NewtonSchulz', a!, attrs, keptBytes(routines, attrs, a!.shape[1]!, false));
  const at = { a: call.read(a!, 'a'), root: call.room(a!.shape, 'result'), kept };
  call.run(newtonSchulzJob(routines, a!.shape, { ...attrs, recompute: kept === 0 }, at));
  return [call.write(at.root, a!.shape)];
};

const newtonSchulzGradient: Form<NewtonSchulzAttrs> = (call, { dy, a }, attrs) => {
  const there = isKept('NewtonSchulz', a!, attrs);
  const at = {
    dy: call.read(dy!, 'dy'),
    a: there ? 0 : call.read(a!, 'a'),
    kept: there ? call.host.block('kept', 0) : 0,
    da: call.room(a!.shape, 'result'),
  };
  call.run(newtonSchulzGradientJob(call.host.routines, a!.shape, { ...attrs, recompute: !there }, at));
  return [call.write(at.da, a!.shape)];
};

const rowRoot: Form<RowRootAttrs> = (call, { x }, attrs) => {
  const { routines } = call.host;
  const [batch, m, d] = x!.shape as [number, number, number];
  const shape = [batch, d, d];
  const kept = keep(call, 'NewtonSchulzOfRows', x!, attrs, keptBytes(routines, attrs, m, true));
  const at = { x: call.read(x!, kept ? 'rows' : 'x'), root: call.room(shape, 'result'), kept };
  call.run(rowRootJob(routines, x!.shape, { ...attrs, recompute: kept === 0 }, at));
  return [call.write(at.root, shape)];
};

const rowRootGradient: Form<RowRootAttrs> = (call, { dy, x }, attrs) => {
  const there = isKept('NewtonSchulzOfRows', x!, attrs);
  const at = {
    dy: call.read(dy!, 'dy'),
    x: there ? call.host.block('rows', 0) : call.read(x!, 'x'),
    kept: there ? call.host.block('kept', 0) : 0,
    dx: call.room(x!.shape, 'result'),
  };
  call.run(rowRootGradientJob(call.host.routines, x!.shape, { ...attrs, recompute: !there }, at));
  return [call.write(at.dx, x!.shape)];
};

const forms = {
  Covariance: covariance,
  CovarianceGradient: covarianceGradient,
  PositionMeans: positionMeans,
  ChannelCorrelation: channelCorrelation,
  TriuCovariance: triuCovariance,
  TriuCovarianceGradient: triuCovarianceGradient,
  TriuMaskedCovariance: triuMaskedCovariance,
  TriuMaskedCovarianceGradient: triuMaskedCovarianceGradient,
  NewtonSchulz: newtonSchulz,
  NewtonSchulzGradient: newtonSchulzGradient,
  NewtonSchulzOfRows: rowRoot,
  NewtonSchulzOfRowsGradient: rowRootGradient,
} as unknown as Record<string, Form<object>>;

/**
 * Which calls the routines take; the composed form, TensorFlow's own operations, has the others. Time of that over time of the
 * routines, forward and backward on two cores, B = 16 (AMD EPYC of 2 cores, other work beside; time on the processor):
 *
 * |             | d   | M = 49 | 196 | 784 |
 * | ----------- | --- | ------ | --- | --- |
 * | isqrtCov    | 64  | 2.4    | 1.8 | 1.8 |
 * |             | 128 | 2.1    | 2.8 | 1.6 |
 * |             | 256 | 1.7    | 1.9 | 1.4 |
 * | covariance  | 64  | 1.2    | 1.1 | 1.2 |
 * |             | 128 | 1.3    | 1.2 | 0.9 |
 * |             | 256 | 1.4    | 1.0 | 0.7 |
 * | its triangle| 64  | 1.4    | 1.0 | 1.0 |
 * |             | 128 | 1.5    | 1.2 | 1.8 |
 * |             | 256 | 1.3    | 1.8 | 1.3 |
 *
 * Covariances of much data are one large product, in which TensorFlow's wider vectors gain more than half of it costs; their
 * triangles spare it the copies of the squares.
 */
const taken: Record<string, (inputs: Inputs) => boolean> = {
  Covariance: smallRows,
  CovarianceGradient: smallRows,
};

const LARGEST_ROWS = 60_000;

function smallRows({ x }: Inputs): boolean {
  return x!.shape[1]! * x!.shape[2]! <= LARGEST_ROWS;
}

let registered: Promise<void> | undefined;

/**
 * Special forms of the second-order kernels on TensorFlow's library: our WebAssembly routines on a memory of their own and on all
 * cores, to which the numbers are copied. TensorFlow multiplies batches of small matrices slowly and knows no symmetric ones.
 */
export const registerTensorflowHostKernels = (): Promise<void> => (registered ??= register());

function routinesOn(host: HostMemory, runner: JobRunner): ReturnType<typeof float64Routines> {
  const { routines, memory } = host;
  const call = (): Call => new Call(host, runner, backend());
  return float64Routines({
    ...{ routines, memory },
    scratch: (bytes) => host.block('float64', bytes),
    read: (tensor, name) => call().read(tensor, name),
    room(shape, dtype, name) {
      const block = `new ${name}`;
      if (dtype === 'float32') {
        const address = call().roomToUpload(shape, block);
        return { address, tensor: () => call().upload(address, shape) };
      }
      const address = call().room(shape, block);
      return { address, tensor: () => call().write(address, shape, dtype) };
    },
    job: (job) => runner.run(job),
  });
}

async function register(): Promise<void> {
  const host = await createHostMemory({ shared: true });
  const runner = jobRunner(host);
  registerFloat64Routines('tensorflow', routinesOn(host, runner));
  for (const [kernelName, form] of Object.entries(forms)) {
    if (getKernel(kernelName, 'tensorflow')) continue;
    const kernelFunc: KernelFunc = (call) => {
      const inputs = call.inputs as Inputs;
      const composed = composedForm(kernelName);
      if (composed && taken[kernelName]?.(inputs) === false) return composed(call);
      return form(new Call(host, runner, call.backend as KernelBackend), inputs, (call.attrs ?? {}) as object);
    };
    registerKernel({ kernelName, backendName: 'tensorflow', kernelFunc });
  }
}
