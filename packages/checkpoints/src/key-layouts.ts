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

/** Where the stages of timm's MobileNetV2 begin among torchvision's blocks. */
const FIRST_BLOCKS = [1, 2, 4, 7, 11, 14, 17];

/** The parts of timm's blocks by torchvision's index: those without expansion, and the others. */
const PLAIN_PARTS: Record<string, string> = { conv_dw: '0.0', bn1: '0.1', conv_pw: '1', bn2: '2' };
const EXPANDING_PARTS: Record<string, string> = {
  conv_pw: '0.0',
  bn1: '0.1',
  conv_dw: '1.0',
  bn2: '1.1',
  conv_pwl: '2',
  bn3: '3',
};

function fromTimmMobilenet(name: string): string {
  return name
    .replace(/^conv_stem\./, 'features.0.0.')
    .replace(/^bn1\./, 'features.0.1.')
    .replace(/^conv_head\./, 'features.18.0.')
    .replace(/^bn2\./, 'features.18.1.')
    .replace(/^blocks\.(\d)\.(\d)\.(\w+)\./, (all, stage: string, block: string, part: string) => {
      const index = (stage === '0' ? PLAIN_PARTS : EXPANDING_PARTS)[part];
      const first = FIRST_BLOCKS[Number(stage)];
      return index === undefined || first === undefined ? all : `features.${first + Number(block)}.conv.${index}.`;
    });
}

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
  {
    // Also of torchvision's detectors, whose trunk is the body of a backbone.
    name: 'mmdetection, trunk of a detector',
    fits: matches(/^backbone\.(body\.)?layer1\./),
    rename: (name) => name.replace(/^backbone\.(body\.)?/, ''),
  },
  { name: 'timm, MobileNetV2', fits: matches(/^blocks\.0\.0\.conv_dw\.weight$/), rename: fromTimmMobilenet },
  {
    name: 'timm, VGG',
    fits: matches(/^pre_logits\.fc1\.weight$/),
    rename: (name) =>
      name
        .replace(/^pre_logits\.fc1\./, 'classifier.0.')
        .replace(/^pre_logits\.fc2\./, 'classifier.3.')
        .replace(/^head\.fc\./, 'classifier.6.'),
  },
  {
    // Its authors, and timm before 0.9, merge patches at the end of a stage; the model does at the start of the next.
    name: 'Swin Transformer',
    fits: matches(/^layers\.0\.downsample\./),
    rename: (name) =>
      name.replace(/^layers\.(\d+)\.downsample\./, (_, stage: string) => `layers.${Number(stage) + 1}.downsample.`),
  },
];

/** What files hold beside weights and nothing here depends on: PyTorch's count of batches, tables of places and masks of windows. */
export const isConstant = (name: string): boolean =>
  /(^|\.)(num_batches_tracked|relative_position_index|attn_mask)$/.test(name);

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
  ['classifier.representation.', 'pool.'],
  ['classifier.1.', 'classifier.', 'head.fc.', 'head.', 'fc.'],
];
