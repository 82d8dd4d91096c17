/** One piece of work that ours and the peers do on inputs of the same shape. */
export type BenchCase = OperationCase | NetworkCase;

/** Forward and backward through one operation on features [batch, positions, channels]. */
export interface OperationCase {
  kind: 'operation';
  operation: 'isqrt' | 'eigen' | 'taylor' | 'lyapunov' | 'covariance' | 'dropcov';
  batch: number;
  positions: number;
  channels: number;
}

/** A whole network on pictures [batch, side, side, 3]: forward, or a training step with its optimiser. */
export interface NetworkCase {
  kind: 'forward' | 'step';
  network: 'resnet18' | 'resnet50';
  pool: 'gap' | 'isqrt';
  batch: number;
  side: number;
}

export interface ListedCase {
  name: string;
  work: BenchCase;
  /** Repetitions of a round. */
  repeats: number;
  /** The ratio to PyTorch to reach, by side. */
  goals: Partial<Record<SideName, number>>;
}

/** Who does the work: an engine of ours, on two threads where the engine has one; the same engine without us; the peers. */
export const sideNames = [
  'torch',
  'tensorflow',
  'wasm',
  'wasm, plain SIMD',
  'plain tensorflow',
  'plain wasm',
  'jax-js',
] as const;

export type SideName = (typeof sideNames)[number];

function operation(
  name: OperationCase['operation'],
  [batch, channels, positions]: [number, number, number],
  goals: ListedCase['goals'] = {},
): ListedCase {
  const work: BenchCase = { kind: 'operation', operation: name, batch, positions, channels };
  return { name: `${name}, B${batch} d${channels} M${positions}`, work, repeats: 5, goals };
}

function network(
  kind: NetworkCase['kind'],
  [name, pool]: [NetworkCase['network'], NetworkCase['pool']],
  [batch, side]: [number, number],
  goals: ListedCase['goals'] = {},
): ListedCase {
  const work: BenchCase = { kind, network: name, pool, batch, side };
  return { name: `${name} ${pool} ${kind}, ${batch} × ${side}²`, work, repeats: 2, goals };
}

const training = { tensorflow: 1, wasm: 0.45, 'wasm, plain SIMD': 0.25 };

export const cases: ListedCase[] = [
  operation('isqrt', [16, 256, 49], { tensorflow: 10, wasm: 5, 'wasm, plain SIMD': 3 }),
  operation('isqrt', [16, 256, 196], { tensorflow: 2, wasm: 1 }),
  operation('isqrt', [16, 256, 784], { tensorflow: 1.2 }),
  operation('isqrt', [16, 128, 49]),
  operation('eigen', [16, 256, 49], { tensorflow: 10, wasm: 10 }),
  operation('taylor', [16, 256, 49]),
  operation('lyapunov', [16, 256, 49]),
  operation('covariance', [16, 256, 49]),
  operation('covariance', [16, 256, 196]),
  operation('dropcov', [16, 256, 49], { tensorflow: 1.5 }),
  operation('dropcov', [16, 256, 196], { tensorflow: 1.5 }),
  network('forward', ['resnet18', 'gap'], [16, 64]),
  network('forward', ['resnet18', 'isqrt'], [16, 64]),
  network('step', ['resnet18', 'gap'], [16, 64]),
  network('step', ['resnet18', 'isqrt'], [16, 64], training),
  network('step', ['resnet18', 'isqrt'], [8, 224], training),
  network('forward', ['resnet50', 'gap'], [4, 224]),
  network('forward', ['resnet50', 'isqrt'], [4, 224]),
  network('step', ['resnet50', 'gap'], [4, 224]),
  network('step', ['resnet50', 'isqrt'], [4, 224], { tensorflow: 1 }),
];

/** What a side answers: first once it is ready, then after each round. */
export interface SideReply {
  /** Wall time of each repetition. */
  ms?: number[];
  /** Most memory of the process above what it held before the work was prepared. */
  peakMegabytes?: number;
  /** Why this side cannot do it. */
  absent?: string;
}
