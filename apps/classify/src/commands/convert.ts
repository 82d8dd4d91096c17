import { CovpoolError } from '@covpool/base';
import { checkpointOption, defineCommand, userPath } from '@covpool/cli';
import { networkOptions } from '../network-options.ts';
import { weightsPath } from '../weights-path.ts';

export const convertCommand = defineCommand({
  summary: 'weights and networks from one format to another',
  description:
    'Reads .safetensors, .pth and .pt files (names of torchvision, timm, GCP_Optimization, fast-MPN-COV, DropCov or ours), an index\n' +
    'of shards, run folders, folders of Hugging Face, a model.json of TensorFlow.js, web addresses of these, and models of the\n' +
    'hub (hf://<user>/<model>). Writes what the name of <out> says: .safetensors, .safetensors.index.json, .pth, .pt, .bin;\n' +
    'model.json; .onnx; else a folder of Hugging Face.\n' +
    'The network is what comes with <in>, or --backbone and --pool; without, weights are copied under their own names.',
  positionals: { name: '<in> <out>', summary: 'what to read, what to write' },
  options: {
    ...networkOptions,
    size: {
      type: 'string',
      value: 'pixels',
      summary: "side of the network's input; `any` leaves it open in .onnx",
      fallback: "the network's own",
    },
    names: {
      type: 'string',
      value: 'whose',
      choices: ['covpool', 'authors'],
      summary: 'of the weights written: covpool, or authors (layer_reduce, …)',
      fallback: 'covpool',
    },
    checkpoint: { ...checkpointOption, fallback: 'last' },
  },
  examples: [
    { command: 'convert runs/resnet8-isqrt-20260102-030405 net.onnx', does: 'a trained network for ONNX Runtime' },
    { command: 'convert gcp_resnet50.pth gcp_resnet50 --backbone resnet50 --pool isqrt', does: 'a folder to publish' },
    { command: 'convert models/isqrt web/model.json', does: 'a layers model for TensorFlow.js' },
    { command: 'convert models/isqrt net.pth --names authors', does: 'a state dict for PyTorch' },
  ],
  async run({ options, positionals, print }) {
    const { size, names = 'covpool', checkpoint = 'last', backbone, pool, dim, attention } = options;
    const [from, to, ...more] = positionals;
    if (from === undefined || to === undefined || more.length > 0) {
      throw new CovpoolError('bad-argument', `convert: <in> and <out> are required, got ${positionals.length} names`);
    }
    const { convert } = await import('../convert-work.ts');
    const result = await convert(
      {
        from: weightsPath(from),
        to: userPath(to),
        network: { backbone, pool, dim, attention, ...sideOf(size) },
        open: size === 'any',
        names,
        checkpoint,
      },
      print,
    );
    print(`${result.format}  ${result.to}`);
    print(
      `${result.weights} weights of ${
        result.network ?? 'a network that was not named: names and shapes are unchecked'
      }`,
    );
    return result;
  },
});

function sideOf(size: string | undefined): { size?: number } {
  if (size === undefined || size === 'any') return {};
  const side = Number(size);
  if (!Number.isInteger(side) || side < 8) {
    throw new CovpoolError('bad-argument', `convert: --size must be a whole number from 8, or any, got '${size}'`);
  }
  return { size: side };
}
