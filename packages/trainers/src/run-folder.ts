import { CovpoolError } from '@covpool/base';
import { writeFileAtomic } from '@covpool/base/node';
import { exportState, float32Data, importState, type TensorData, toFloat32 } from '@covpool/checkpoints';
import { loadSafetensors, saveSafetensors } from '@covpool/checkpoints/node';
import { tensor, type Tensor } from '@tensorflow/tfjs-core';
import type { LayersModel } from '@tensorflow/tfjs-layers';
import { existsSync } from 'node:fs';
import { appendFile, mkdir, readdir, readFile, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Optimizer } from './sgd.ts';
import { type EpochRecord, type TrainingPosition, trainingStart } from './train.ts';

export type CheckpointName = 'last' | 'best';

/**
 * A training's folder: `config.json` (resolved), `metrics.jsonl` (a line per epoch), `last/` and `best/` with
 * `model.safetensors` (PyTorch's names and layouts), `trainer.safetensors` (the optimiser's state and the position) and a
 * `config.json` of their own. Whatever interrupts a write, each checkpoint is whole: it is written beside the old one and takes its name.
 */
export class RunFolder {
  private constructor(readonly path: string) {}

  /** Starts a run. @throws bad-input if the folder holds anything */
  static async create(path: string, config: object): Promise<RunFolder> {
    const found = await readdir(path).catch(() => []);
    if (found.length > 0) {
      throw new CovpoolError(
        'bad-input',
        `run: an empty or new folder is required, got ${path} with ${found.length} entries; choose another or resume it`,
      );
    }
    await mkdir(path, { recursive: true }).catch((cause: NodeJS.ErrnoException) => {
      throw new CovpoolError('io', `run: cannot make the folder ${path} (${cause.code ?? cause.message})`, { cause });
    });
    await writeFileAtomic(join(path, 'config.json'), jsonText(config));
    return new RunFolder(path);
  }

  /** Opens a run that exists. @throws bad-input if the folder is not one */
  static open(path: string): RunFolder {
    if (!existsSync(join(path, 'config.json'))) {
      throw new CovpoolError('bad-input', `run: the folder of a run (with a config.json) is required, got ${path}`);
    }
    return new RunFolder(path);
  }

  async config(): Promise<unknown> {
    const path = join(this.path, 'config.json');
    return parseJson(path, await readFile(path, 'utf8'));
  }

  /** Adds an epoch's line; whatever else is known of the epoch (evaluation) goes into it. */
  async append(record: { epoch: number }): Promise<void> {
    const path = join(this.path, 'metrics.jsonl');
    await appendFile(path, `${JSON.stringify(record)}\n`).catch((cause: NodeJS.ErrnoException) => {
      const why = cause.code === 'ENOSPC' ? 'the disk is full' : cause.code ?? cause.message;
      throw new CovpoolError('io', `run: cannot add a line to ${path} (${why}); the checkpoints are whole`, { cause });
    });
  }

  /** The lines so far. A line that an interruption cut off does not count. */
  async metrics(): Promise<(EpochRecord & Record<string, unknown>)[]> {
    const text = await readFile(join(this.path, 'metrics.jsonl'), 'utf8').catch(() => '');
    return text
      .split('\n')
      .slice(0, -1)
      .map((line, i) => {
        const where = `${join(this.path, 'metrics.jsonl')}, line ${i + 1}`;
        return parseJson(where, line) as EpochRecord & Record<string, unknown>;
      });
  }

  /** Writes a checkpoint. `config` stands beside its weights where they need another description than the run's. */
  async save(
    name: CheckpointName,
    model: LayersModel,
    optimizer: Optimizer,
    position: TrainingPosition,
    config?: object,
  ): Promise<void> {
    const folder = join(this.path, name);
    const [fresh, old] = [`${folder}.new`, `${folder}.old`];
    // An interruption between two renames left the old one as the only whole one.
    if (!existsSync(folder) && existsSync(old)) await rename(old, folder);
    await rm(fresh, { recursive: true, force: true });
    await mkdir(fresh);
    const weights = await exportState(model);
    checkFinite(weights, position);
    await saveSafetensors(join(fresh, 'model.safetensors'), weights, { format: 'pt' });
    await saveSafetensors(join(fresh, 'trainer.safetensors'), await velocityData(optimizer), {
      position: JSON.stringify(position),
    });
    const description = config ? jsonText(config) : await readFile(join(this.path, 'config.json'));
    await writeFileAtomic(join(fresh, 'config.json'), description);
    await rm(old, { recursive: true, force: true });
    if (existsSync(folder)) await rename(folder, old);
    await rename(fresh, folder);
    await rm(old, { recursive: true, force: true });
  }

  /** The folder of a checkpoint; `undefined` if there is none. */
  checkpoint(name: CheckpointName): string | undefined {
    const folder = join(this.path, name);
    // Between two renames of `save` the old one is the whole one.
    return [folder, `${folder}.old`].find((candidate) => existsSync(join(candidate, 'trainer.safetensors')));
  }

  /** Gives model and optimiser the state of the last checkpoint; where to go on. Lines of later epochs are dropped. */
  async resume(model: LayersModel, optimizer: Optimizer): Promise<TrainingPosition> {
    const folder = this.checkpoint('last');
    if (!folder) return trainingStart;
    importState(model, (await loadSafetensors(join(folder, 'model.safetensors'))).tensors);
    const { tensors, metadata } = await loadSafetensors(join(folder, 'trainer.safetensors'));
    loadVelocities(optimizer, tensors);
    const position = JSON.parse(metadata.position ?? 'null') as TrainingPosition | null;
    if (!position) throw new CovpoolError('bad-input', `run: ${folder}/trainer.safetensors has no position`);
    const kept = (await this.metrics()).filter(({ epoch }) => epoch <= position.epoch);
    const lines = kept.map((record) => `${JSON.stringify(record)}\n`).join('');
    await writeFileAtomic(join(this.path, 'metrics.jsonl'), lines);
    return position;
  }
}

const jsonText = (value: object): string => `${JSON.stringify(value, null, 2)}\n`;

function checkFinite(weights: Map<string, TensorData>, { epoch }: TrainingPosition): void {
  for (const [name, data] of weights) {
    if (!toFloat32(data).every(Number.isFinite)) {
      throw new CovpoolError(
        'non-finite',
        `run: ${name} is not finite after epoch ${epoch}; the checkpoint before it is kept; lower the learning rate`,
      );
    }
  }
}

function parseJson(where: string, text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new CovpoolError('bad-input', `run: JSON is required in ${where}, got something else`, { cause });
  }
}

async function velocityData(optimizer: Optimizer): Promise<Map<string, TensorData>> {
  const tensors = new Map<string, TensorData>();
  for (const [name, value] of optimizer.state()) {
    tensors.set(name, float32Data(value.shape, (await value.data<'float32'>()).slice()));
  }
  return tensors;
}

function loadVelocities(optimizer: Optimizer, tensors: Map<string, TensorData>): void {
  const state = new Map<string, Tensor>();
  for (const [name, data] of tensors) state.set(name, tensor(toFloat32(data), data.shape));
  optimizer.load(state);
  for (const value of state.values()) value.dispose();
}
