/** How a family of published files names the weights of a trunk. */
export interface KeyLayout {
  /** Whose files these are. */
  name: string;
  /** Whether a file with these names may be one. */
  fits: (names: ReadonlySet<string>) => boolean;
  /** The name that torchvision, or the authors' head, gives the weight. */
  rename: (name: string) => string;
}

const matches =
  (pattern: RegExp) =>
  (names: ReadonlySet<string>): boolean =>
    [...names].some((name) => pattern.test(name));

/** The children of fast-MPN-COV's `Sequential`; 8 and 9 are the reduction of fine-tuned networks. */
const SEQUENTIAL = ['conv1', 'bn1', '', '', 'layer1', 'layer2', 'layer3', 'layer4', 'layer_reduce', 'layer_reduce_bn'];

/** Trunks whose names are not those of torchvision. */
export const keyLayouts: readonly KeyLayout[] = [
  {
    name: 'fast-MPN-COV, residual network',
    fits: matches(/^features\.(module\.)?4\.0\.conv1\.weight$/),
    rename: (name) =>
      name.replace(/^features\.(?:module\.)?(\d)\./, (all, child: string) =>
        SEQUENTIAL[Number(child)] ? `${SEQUENTIAL[Number(child)]}.` : all,
      ),
  },
  {
    name: 'fast-MPN-COV',
    fits: matches(/^features\.module\./),
    rename: (name) => name.replace(/^features\.module\./, 'features.'),
  },
  {
    name: 'GCP_Optimization, loss landscape of MobileNetV2',
    fits: matches(/^features\.0\.conv\./),
    rename: (name) =>
      name
        .replace(/^features\.(\d+)\./, (_, block: string) => `features.${Number(block) + 1}.`)
        .replace(/^conv1\./, 'features.0.'),
  },
];

/** What the same part of a head is called by different authors; ours last. */
export const headNames: readonly (readonly string[])[] = [
  ['layer_reduce.', 'Layer_Reduce.', 'dimension_reduction.0.', 'representation.conv_dr_block.0.', 'pool.reduce.0.0.'],
  [
    'layer_reduce_bn.',
    'Layer_Reduce_BN.',
    'dimension_reduction.1.',
    'representation.conv_dr_block.1.',
    'pool.reduce.0.1.',
  ],
  ['eca_layer.', 'pool.eca_layer.'],
  ['classifier.1.', 'classifier.', 'head.fc.', 'head.', 'fc.'],
];
