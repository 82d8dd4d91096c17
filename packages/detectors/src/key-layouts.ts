/** How another library names the weights of a detector; what `importState` of the package checkpoints takes as `layouts`. */
export interface DetectorKeyLayout {
  name: string;
  /** Whether a file with these names may be one. */
  fits: (names: ReadonlySet<string>) => boolean;
  /** Our name, which is mmdetection 2.x's, of the weight. */
  rename: (name: string) => string;
}

const starting =
  (...prefixes: string[]) =>
  (names: ReadonlySet<string>): boolean =>
    [...names].some((name) => prefixes.some((prefix) => name.startsWith(prefix)));

/** torchvision's convolutions stand in blocks of their own since 0.13: both forms. */
const torchvisionNames: readonly (readonly [RegExp, string])[] = [
  [/^backbone\.body\./, 'backbone.'],
  [/^backbone\.fpn\.inner_blocks\.(\d+)\.(?:0\.)?(?=weight|bias)/, 'neck.lateral_convs.$1.conv.'],
  [/^backbone\.fpn\.layer_blocks\.(\d+)\.(?:0\.)?(?=weight|bias)/, 'neck.fpn_convs.$1.conv.'],
  [/^rpn\.head\.conv\.(?:0\.0\.)?(?=weight|bias)/, 'rpn_head.rpn_conv.'],
  [/^rpn\.head\.cls_logits\./, 'rpn_head.rpn_cls.'],
  [/^rpn\.head\.bbox_pred\./, 'rpn_head.rpn_reg.'],
  [/^roi_heads\.box_head\.fc6\./, 'roi_head.bbox_head.shared_fcs.0.'],
  [/^roi_heads\.box_head\.fc7\./, 'roi_head.bbox_head.shared_fcs.1.'],
  [/^roi_heads\.box_predictor\.cls_score\./, 'roi_head.bbox_head.fc_cls.'],
  [/^roi_heads\.box_predictor\.bbox_pred\./, 'roi_head.bbox_head.fc_reg.'],
  [/^roi_heads\.mask_head\.(\d+)\.0\./, 'roi_head.mask_head.convs.$1.conv.'],
  [/^roi_heads\.mask_predictor\.conv5_mask\./, 'roi_head.mask_head.upsample.'],
  [/^roi_heads\.mask_predictor\.mask_fcn_logits\./, 'roi_head.mask_head.conv_logits.'],
];

function fromTorchvision(name: string): string {
  const old = /^roi_heads\.mask_head\.mask_fcn(\d)\.(.*)$/.exec(name);
  if (old) return `roi_head.mask_head.convs.${Number(old[1]) - 1}.conv.${old[2]}`;
  const rule = torchvisionNames.find(([pattern]) => pattern.test(name));
  return rule ? name.replace(rule[0], rule[1]) : name;
}

/**
 * State dicts of mmdetection 1.x and of torchvision's fasterrcnn_*_fpn and maskrcnn_*_fpn; those of mmdetection 2.x have our names. The
 * detector must have the conventions of the file: they determine how many outputs its heads have, and which is the background's.
 *
 * ```ts
 * importState(detector.model, (await readTorch(bytes)).tensors, { layouts: detectorKeyLayouts });
 * ```
 */
export const detectorKeyLayouts: readonly DetectorKeyLayout[] = [
  { name: 'torchvision', fits: starting('backbone.body.', 'roi_heads.'), rename: fromTorchvision },
  {
    name: 'mmdetection 1.x',
    fits: starting('bbox_head.', 'mask_head.'),
    rename: (name) => name.replace(/^(?=(bbox|mask)_head\.)/, 'roi_head.'),
  },
];
