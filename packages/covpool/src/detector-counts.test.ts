import '@tensorflow/tfjs-backend-cpu';
import { setBackend, zeros } from '@tensorflow/tfjs-core';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import {
  createBackbone,
  createDetector,
  type Detector,
  detectorKeyLayouts,
  matchKeys,
  modelState,
  SeededInitializer,
  type StateEntry,
  type TensorData,
} from './index.ts';

const isBuffer = ({ name }: StateEntry): boolean => /running_(mean|var)$/.test(name);
const sizeOf = ({ variable }: StateEntry): number =>
  variable.shape.reduce<number>((product, extent) => product * extent!, 1);

function count(detector: Detector, prefix = ''): number {
  return modelState(detector.model)
    .filter((entry) => !isBuffer(entry) && entry.name.startsWith(prefix))
    .reduce((total, entry) => total + sizeOf(entry), 0);
}

function trained(detector: Detector): number {
  const ids = new Set(detector.model.trainableWeights.map(({ id }) => id));
  return modelState(detector.model)
    .filter(({ variable }) => ids.has(variable.id))
    .reduce((total, entry) => total + sizeOf(entry), 0);
}

const build = (name: string, trunk: string, options: object = {}): Detector =>
  createDetector(name, {
    backbone: createBackbone(trunk, { variant: 'GCP_M', frozenStages: 1 }),
    classes: 80,
    ...options,
  });

describe('detectors of the published tables (detection spec 3)', () => {
  // Counting needs no values, and normal ones for forty million weights take minutes.
  beforeAll(async () => {
    await setBackend('cpu');
    vi.spyOn(SeededInitializer.prototype, 'apply').mockImplementation((shape) => zeros(shape as number[]));
  });
  afterAll(() => vi.restoreAllMocks());

  it('count part by part', () => {
    const detector = build('mask-rcnn', 'resnet50');
    expect(
      Object.fromEntries(
        [
          'backbone.',
          'neck.lateral_convs.',
          'neck.fpn_convs.',
          'rpn_head.',
          'roi_head.bbox_head.shared_fcs.0.',
          'roi_head.bbox_head.shared_fcs.1.',
          'roi_head.bbox_head.fc_cls.',
          'roi_head.bbox_head.fc_reg.',
          'roi_head.mask_head.',
        ].map((prefix) => [prefix, count(detector, prefix)]),
      ),
    ).toEqual({
      'backbone.': 23_508_032,
      'neck.lateral_convs.': 984_064,
      'neck.fpn_convs.': 2_360_320,
      'rpn_head.': 593_935,
      'roi_head.bbox_head.shared_fcs.0.': 12_846_080,
      'roi_head.bbox_head.shared_fcs.1.': 1_049_600,
      'roi_head.bbox_head.fc_cls.': 83_025,
      'roi_head.bbox_head.fc_reg.': 328_000,
      'roi_head.mask_head.': 2_643_280,
    });
    detector.dispose();
  });

  it.each([
    ['faster-rcnn', 'resnet50', 41_753_056],
    ['mask-rcnn', 'resnet50', 44_396_336],
    ['faster-rcnn', 'resnet101', 60_745_184],
    ['mask-rcnn', 'resnet101', 63_388_464],
  ])('%s on %s has %d parameters', (name, trunk, parameters) => {
    const detector = build(name, trunk);
    expect(count(detector)).toBe(parameters);
    if (parameters === 41_753_056) expect(trained(detector)).toBe(41_527_712);
    detector.dispose();
  });

  it('have outputs for the background by their conventions (detection spec 2)', () => {
    const shapes = (conventions: string) => {
      const detector = build('mask-rcnn', 'resnet18', { conventions });
      const shape = (name: string) =>
        modelState(detector.model)
          .find((entry) => entry.name === `roi_head.${name}`)!
          .variable.shape.at(-1);
      const found = ['bbox_head.fc_cls.bias', 'bbox_head.fc_reg.bias', 'mask_head.conv_logits.bias'].map(shape);
      detector.dispose();
      return found;
    };
    expect(shapes('mmdet2')).toEqual([81, 320, 80]);
    expect(shapes('mmdet1')).toEqual([81, 324, 81]);
    expect(shapes('torchvision')).toEqual([81, 324, 81]);
  });

  it('are about as large for a CPU as in the trials', () => {
    const small = (name: string, classes: number) => {
      const detector = createDetector(name, { backbone: createBackbone('resnet8-detection'), classes });
      const parameters = count(detector);
      detector.dispose();
      return parameters;
    };
    expect((small('faster-rcnn-small', 3) / 1e6).toFixed(2)).toBe('0.69');
    expect((small('mask-rcnn-small', 1) / 1e6).toFixed(2)).toBe('0.78');
  });

  it.each(['mmdetection 2.x', 'mmdetection 1.x', 'torchvision', 'torchvision before 0.13'])(
    'take every weight under the names of %s',
    (library) => {
      const conventions = library.startsWith('torch') ? 'torchvision' : library.endsWith('1.x') ? 'mmdet1' : 'mmdet2';
      const detector = build('mask-rcnn', 'resnet50', { conventions });
      const tensors = new Map<string, TensorData>();
      for (const { name, variable, toTorch } of modelState(detector.model)) {
        const shape = (toTorch ?? [...variable.shape.keys()]).map((axis) => variable.shape[axis]!);
        tensors.set(nameIn(library, name), { dtype: 'F32', shape, data: new Uint8Array(0) });
      }
      tensors.set('backbone.bn1.num_batches_tracked', { dtype: 'I64', shape: [], data: new Uint8Array(8) });
      const match = matchKeys(detector.model, tensors, detectorKeyLayouts);
      expect(match.problems).toEqual([]);
      expect(match.layout).toBe(library === 'mmdetection 2.x' ? '' : library.replace(' before 0.13', ''));
      detector.dispose();
    },
  );
});

/** Our names are mmdetection 2.x's; what others call them, from the lists of keys of their models. */
function nameIn(library: string, name: string): string {
  if (library === 'mmdetection 2.x') return name;
  if (library === 'mmdetection 1.x') return name.replace('roi_head.', '');
  const old = library.endsWith('0.13');
  const [block, conv] = old ? ['', ''] : ['0.', '0.0.'];
  return name
    .replace(/^backbone\./, 'backbone.body.')
    .replace(/^neck\.lateral_convs\.(\d)\.conv\./, `backbone.fpn.inner_blocks.$1.${block}`)
    .replace(/^neck\.fpn_convs\.(\d)\.conv\./, `backbone.fpn.layer_blocks.$1.${block}`)
    .replace('rpn_head.rpn_conv.', `rpn.head.conv.${conv}`)
    .replace('rpn_head.rpn_cls.', 'rpn.head.cls_logits.')
    .replace('rpn_head.rpn_reg.', 'rpn.head.bbox_pred.')
    .replace('roi_head.bbox_head.shared_fcs.0.', 'roi_heads.box_head.fc6.')
    .replace('roi_head.bbox_head.shared_fcs.1.', 'roi_heads.box_head.fc7.')
    .replace('roi_head.bbox_head.fc_cls.', 'roi_heads.box_predictor.cls_score.')
    .replace('roi_head.bbox_head.fc_reg.', 'roi_heads.box_predictor.bbox_pred.')
    .replace(/^roi_head\.mask_head\.convs\.(\d)\.conv\./, (_, i: string) =>
      old ? `roi_heads.mask_head.mask_fcn${Number(i) + 1}.` : `roi_heads.mask_head.${i}.0.`,
    )
    .replace('roi_head.mask_head.upsample.', 'roi_heads.mask_predictor.conv5_mask.')
    .replace('roi_head.mask_head.conv_logits.', 'roi_heads.mask_predictor.mask_fcn_logits.');
}
