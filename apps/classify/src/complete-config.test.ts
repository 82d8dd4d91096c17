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
