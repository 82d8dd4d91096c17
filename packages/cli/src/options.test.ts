import { describe, expect, it } from 'vitest';
import { checkNothingElse, configOptions, learningOptions, optionsAsConfig } from './options.ts';

describe('optionsAsConfig', () => {
  const specs = { ...configOptions, ...learningOptions, data: { type: 'string', summary: 'where' } } as const;

  it('writes names as keys, reads paths, and takes nothing else', () => {
    const given = {
      'weight-decay': 0.1,
      data: 'pictures',
      schedule: 'step',
      json: true,
      config: 'a.yaml',
      set: ['x=1'],
    };
    const config = optionsAsConfig(specs, given, { data: (typed) => `/home/${typed}` });
    expect(JSON.parse(JSON.stringify(config))).toEqual({
      weightDecay: 0.1,
      data: '/home/pictures',
      schedule: 'step',
    });
    expect(Object.keys(config)).toContain('epochs');
    expect(config['epochs']).toBeUndefined();
  });
});

describe('checkNothingElse', () => {
  it('lets common options be, and names the others', () => {
    expect(() => checkNothingElse('train', 'resume', { resume: 'run', json: true, verbose: true })).not.toThrow();
    expect(() => checkNothingElse('train', 'resume', { resume: 'run', epochs: 3, lr: 1 })).toThrow(
      "train: --resume goes on with the run's own choices and takes no others, got --epochs, --lr",
    );
  });
});
