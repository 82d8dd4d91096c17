import { describe, expect, it } from 'vitest';
import { lastDrop, publishedSchedules, schedule, type ScheduleSpec } from './schedules.ts';

const at = (spec: ScheduleSpec, epoch: number, epochs: number, step = 0, stepsPerEpoch = 10) =>
  schedule(spec)({ epoch, step, stepsPerEpoch, epochs });

const { resnet, mobilenet, shufflenet } = publishedSchedules;
const mutable = (spec: unknown) => spec as ScheduleSpec;

/** Check values of the training spec, §1. */
const published: [string, ScheduleSpec, number, [number, number][]][] = [
  [
    'ResNet norm',
    mutable(resnet.norm.schedule),
    100,
    [
      [0, 0.1],
      [29, 0.1],
      [30, 0.01],
      [60, 1e-3],
      [90, 1e-4],
    ],
  ],
  [
    'ResNet fast',
    mutable(resnet.fast.schedule),
    30,
    [
      [0, 0.1233099],
      [1, 0.1],
      [5, 0.04145881],
      [10, 0.01236278],
      [15, 3.173824e-3],
      [20, 6.723827e-4],
      [25, 1.10332e-4],
      [29, 2.024356e-5],
    ],
  ],
  [
    'ResNet adju',
    mutable(resnet.adju.schedule),
    50,
    [
      [0, 0.1041233],
      [1, 0.1],
      [5, 0.08433986],
      [10, 0.0666389],
      [20, 0.03748438],
      [30, 0.01665973],
      [40, 4.164931e-3],
      [45, 1.041233e-3],
      [49, 4.164931e-5],
    ],
  ],
  [
    'MobileNetV2 norm',
    mutable(mobilenet.norm.schedule),
    400,
    [
      [0, 0.045],
      [1, 0.0441],
      [10, 0.03676828],
      [50, 0.01638764],
      [100, 5.96788e-3],
      [200, 7.914576e-4],
      [399, 1.42042e-5],
    ],
  ],
  [
    'MobileNetV2 fast',
    mutable(mobilenet.fast.schedule),
    100,
    [
      [0, 0.06],
      [1, 0.0552],
      [10, 0.02606331],
      [50, 9.279885e-4],
      [99, 1.560077e-5],
    ],
  ],
  [
    'MobileNetV2 adju',
    mutable(mobilenet.adju.schedule),
    150,
    [
      [0, 0.06],
      [1, 0.059],
      [25, 0.035],
      [50, 0.01],
      [51, 0.00982],
      [75, 0.0055],
      [100, 0.001],
      [101, 9.802e-4],
      [125, 5.05e-4],
      [149, 2.98e-5],
      [150, 1e-5],
    ],
  ],
];

describe('schedule', () => {
  it.each(published)('%s has the check values of the spec', (_, spec, epochs, values) => {
    // The spec gives seven digits.
    for (const [epoch, rate] of values) expect(Math.abs(at(spec, epoch, epochs) / rate - 1)).toBeLessThan(1e-6);
  });

  it('ShuffleNetV2 falls per step', () => {
    const spec = mutable(shufflenet.norm.schedule);
    expect(at(spec, 0, 240, 0, 1252)).toBe(0.5);
    expect(at(spec, 120, 240, 0, 1252)).toBe(0.25);
    expect(Math.abs(at(spec, 239, 240, 1251, 1252) / 1.664004e-6 - 1)).toBeLessThan(1e-6);
  });

  it('cosine warms up, then falls to its minimum', () => {
    const spec = { name: 'cosine', base: 1e-3, min: 1e-5, warmup: 5, start: 1e-6 };
    expect(at(spec, 0, 300)).toBe(1e-6);
    expect(at(spec, 150, 300)).toBeCloseTo((1e-3 + 1e-5) / 2, 12);
    expect(at(spec, 300, 300)).toBeCloseTo(1e-5, 12);
  });

  it('cosine stays at its minimum for the epochs of cool-down, as the DropCov transformers train (training 4)', () => {
    const spec = { name: 'cosine', base: 1e-3, min: 1e-5, warmup: 5, start: 1e-6, cooldown: 10 };
    const whole = { name: 'cosine', base: 1e-3, min: 1e-5, warmup: 5, start: 1e-6 };
    for (const epoch of [0, 4, 5, 150, 299]) expect(at(spec, epoch, 310)).toBe(at(whole, epoch, 300));
    for (const epoch of [300, 305, 309]) expect(at(spec, epoch, 310)).toBe(1e-5);
  });

  it('polynomial counts epochs from 1 where the published figure is to be followed (training 1)', () => {
    const adju = { ...mutable(resnet.adju.schedule), startEpoch: 1 };
    expect(at(adju, 0, 50)).toBe(0.1);
    expect(at(adju, 49, 50)).toBe(0);
    const fast = { ...mutable(resnet.fast.schedule), startEpoch: 1 };
    expect(at(fast, 9, 30)).toBe(at(mutable(resnet.fast.schedule), 10, 30));
  });

  it('refuses unknown names and options, listing those that exist', () => {
    expect(() => schedule({ name: 'steps' })).toThrow(/unknown schedule 'steps'; known: .*step/);
    expect(() => schedule({ name: 'linear', lr: 1 })).toThrow("schedule 'linear': unknown option 'lr'; it has: base");
    expect(() => schedule({ name: 'step', milestones: 3 })).toThrow('milestones must be a list of numbers, got 3');
  });
});

describe('lastDrop', () => {
  const step = (milestones: number[]) => schedule({ name: 'step', base: 10 ** -1.1, milestones });

  it('is where the hybrid protocol was switched: AlexNet at 20 of 30, ResNet-50 at 45 of 60 (spec 5.7)', () => {
    expect(lastDrop(step([10, 20]), 30)).toBe(20);
    expect(lastDrop(step([30, 45]), 60)).toBe(45);
  });

  it('is the last that comes, whatever the order and however short the training', () => {
    expect(lastDrop(step([45, 30]), 60)).toBe(45);
    expect(lastDrop(step([30, 60, 90]), 61)).toBe(60);
    expect(lastDrop(step([30, 60, 90]), 60)).toBe(30);
  });

  it('is refused where there is none', () => {
    expect(() => lastDrop(step([30, 45]), 30)).toThrow(/before epoch 30 is required, got drops at \[30,45\]; name the/);
    expect(() => lastDrop(schedule({ name: 'linear' }), 30)).toThrow(/got one without drops/);
  });
});

describe('schedules of detectors', () => {
  // Detection specification, section 6.
  it.each([
    [1 / 3, [0.00666667, 0.00669333, 0.01333333, 0.01997333]],
    [0.001, [2e-5, 5.996e-5, 0.01001, 0.01996004]],
  ])('warms up from a ratio of %s', (ratio, rates) => {
    const spec = { name: 'step-warmup', ratio };
    for (const [i, step] of [0, 1, 250, 499].entries()) expect(at(spec, 0, 12, step, 7330)).toBeCloseTo(rates[i]!, 8);
    expect(at(spec, 0, 12, 500, 7330)).toBe(0.02);
  });

  it('drops for epochs 9 and 12', () => {
    const spec = { name: 'step-warmup' };
    expect([7, 8, 10, 11].map((epoch) => at(spec, epoch, 12, 0, 7330))).toEqual(
      [0.02, 0.002, 0.002, 0.0002].map((rate) => expect.closeTo(rate, 12)),
    );
    expect(lastDrop(schedule(spec), 12)).toBe(11);
  });

  it('falls by half a cosine, step by step', () => {
    const spec = { name: 'cosine-warmup', base: 0.02, warmup: 10, ratio: 0 };
    expect(at(spec, 0, 4, 0)).toBe(0);
    expect(at(spec, 2, 4)).toBeCloseTo(0.01, 12);
    expect(at(spec, 1, 4, 5)).toBeCloseTo(0.01 * (1 + Math.cos((Math.PI * 15) / 40)), 12);
    expect(at(spec, 3, 4, 9)).toBeLessThan(2e-4);
  });
});
