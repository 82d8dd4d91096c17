import { expect, it } from 'vitest';
import { completeConfig } from './complete-config.ts';
import { trainConfigSchema } from './config.ts';

const complete = (choices: object) => completeConfig(trainConfigSchema.parse(choices));

it('fills in what is left open', () => {
  expect(complete({ pool: 'cov' })).toMatchObject({
    pool: { name: 'cov', dim: 64 },
    epochs: 15,
    schedule: { name: 'linear' },
  });
  expect(complete({ pool: 'gap' }).pool).toEqual({ name: 'gap' });
  expect(complete({ pool: { name: 'cov', reduce: [] } }).pool).toEqual({ name: 'cov', reduce: [] });
});

it('leaves a backbone the pooling and the channels that it was published with', () => {
  const pool = (backbone: string, pool?: string) => complete({ backbone, pool }).pool;
  expect(pool('resnet8')).toEqual({ name: 'isqrt', dim: 64 });
  expect(pool('resnet50')).toEqual({ name: 'isqrt', dim: 256 });
  expect(pool('preact-resnet164', 'cov')).toEqual({ name: 'cov', dim: 128 });
  expect(pool('resnet50', 'cbp')).toEqual({ name: 'cbp' });
  // Average pooling behind attention in all stages; a covariance of its own behind three (spec 7.2).
  expect(pool('gsop-net1-resnet50')).toEqual({ name: 'gap' });
  expect(pool('gsop-net2-resnet50')).toEqual({ name: 'isqrt', dim: 256, iterations: 3 });
  expect(pool('gsop-net2-resnet50', 'isqrt')).toEqual({ name: 'isqrt', dim: 256 });
  expect(complete({ backbone: 'gsop-net2-resnet50', pool: { iterations: 5 } }).pool).toMatchObject({ iterations: 5 });
  expect(complete({ pool: { iterations: 5 } }).pool).toEqual({ name: 'isqrt', iterations: 5, dim: 64 });
  expect(pool('deit-drop-small')).toEqual({ name: 'mgcrp', heads: 6, headDim: 24, preset: 'reference' });
  expect(pool('deit-drop-mini')).toEqual({ name: 'mgcrp', heads: 3, headDim: 8, preset: 'reference' });
});

it('switches the pooling where the rate drops last, the reduction staying (spec 5.7)', () => {
  const step = (milestones: number[]) => ({ name: 'step', base: 10 ** -1.1, milestones });
  const hybrid = { pool: 'svd-pade' };
  const alexnet = complete({ pool: 'isqrt', hybrid, epochs: 30, schedule: step([10, 20]) });
  expect(alexnet.hybrid).toEqual({ pool: { name: 'svd-pade', dim: 64 }, epoch: 20 });
  const resnet = { pool: { name: 'isqrt', reduce: [512, 256], iterations: 7 }, epochs: 60, schedule: step([30, 45]) };
  expect(complete({ ...resnet, hybrid: { ...hybrid, epoch: 'last-drop' } }).hybrid).toEqual({
    pool: { name: 'svd-pade', reduce: [512, 256] },
    epoch: 45,
  });
  expect(complete({ ...resnet, hybrid: { ...hybrid, epoch: 50 } }).hybrid).toMatchObject({ epoch: 50 });
  expect(complete({ hybrid, epochs: 50, schedule: 'norm' }).hybrid).toMatchObject({ epoch: 30 });
  expect(() => complete({ hybrid })).toThrow(/drops in steps before epoch 15 is required, got one without drops/);
  expect(() => complete({ ...resnet, hybrid: { ...hybrid, epoch: 60 } })).toThrow('below the 60 epochs, got 60');
});

it('turns a published schedule into what it stands for, whose epochs and rate may be overridden', () => {
  expect(complete({ backbone: 'resnet18', schedule: 'adju' })).toMatchObject({
    epochs: 50,
    schedule: { name: 'polynomial', base: 0.1, length: 49, power: 2 },
  });
  expect(complete({ schedule: 'fast', epochs: 4, lr: 0.05 })).toMatchObject({
    epochs: 4,
    schedule: { base: 0.05, length: 52 },
  });
  expect(complete({ schedule: { name: 'fast', startEpoch: 1 } }).schedule).toMatchObject({ length: 52, startEpoch: 1 });
  expect(() => complete({ schedule: { name: 'fast', power: 3 } })).toThrow(
    /published whole and has no options but startEpoch, got power/,
  );
});
