import type { Program } from '@covpool/cli';

/** The classify command line. Verbs are loaded when called: help must not wait for TensorFlow.js. */
export const program: Program = {
  name: 'classify',
  call: 'npx -y pnpm@10 classify',
  summary: 'train, evaluate and compare second-order networks on pictures',
  defaultVerb: 'compare',
  verbs: {
    compare: {
      summary: 'train one network per pooling head and put them side by side',
      load: async () => (await import('./commands/compare.ts')).compareCommand,
    },
    train: {
      summary: 'train one network, every choice an option',
      load: async () => (await import('./commands/train.ts')).trainCommand,
    },
    eval: {
      summary: 'measure a trained network on labelled pictures',
      load: async () => (await import('./commands/eval.ts')).evalCommand,
    },
    predict: {
      summary: 'name what is on pictures, with a shipped network or your own',
      load: async () => (await import('./commands/predict.ts')).predictCommand,
    },
    convert: {
      summary: 'weights and networks from one format to another',
      load: async () => (await import('./commands/convert.ts')).convertCommand,
    },
    report: {
      summary: 'write the report of a comparison again',
      load: async () => (await import('./commands/report.ts')).reportCommand,
    },
    doctor: {
      summary: 'which engines run here, and how to get a faster one',
      load: async () => (await import('@covpool/cli')).doctorCommand,
    },
  },
};
