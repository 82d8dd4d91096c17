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

it('turns a published schedule into what it stands for, whose epochs and rate may be overridden', () => {
  expect(complete({ backbone: 'resnet18', schedule: 'adju' })).toMatchObject({
    epochs: 50,
    schedule: { name: 'polynomial', base: 0.1, length: 49, power: 2 },
  });
  expect(complete({ schedule: 'fast', epochs: 4, lr: 0.05 })).toMatchObject({
    epochs: 4,
    schedule: { base: 0.05, length: 52 },
  });
  expect(() => complete({ schedule: { name: 'fast', power: 3 } })).toThrow(
    /published whole and has no options, got power/,
  );
});
