import './resnet.ts';
import { backbones, type BackboneEntry } from './backbone-registry.ts';

/**
 * The networks of Gao, Xie, Wang & Li, Global Second-order Pooling Convolutional Networks, CVPR 2019. GSoP-Net1 attends in
 * every stage and averages at the end; GSoP-Net2 ends in iSQRT-COV of three iterations instead of the last attention. Both keep
 * the last stage at stride 16.
 */
const presets: Record<string, Pick<BackboneEntry, 'summary' | 'defaults'>> = {
  net1: {
    summary: 'channel attention by covariances in each stage, average pooling',
    defaults: { attention: { name: 'gsop-channel', dim: 128 } },
  },
  net2: {
    summary: 'channel attention by covariances in all stages but the last, iSQRT-COV pooling',
    defaults: {
      attention: { name: 'gsop-channel', dim: 128, stages: [1, 2, 3] },
      pooling: { name: 'isqrt', dim: 256, iterations: 3 },
    },
  },
};

for (const [net, { summary, defaults }] of Object.entries(presets)) {
  for (const trunk of ['resnet50', 'resnet101']) {
    const entry = backbones.get(trunk);
    backbones.register(`gsop-${net}-${trunk}`, {
      ...entry,
      summary: `${entry.summary}; ${summary}`,
      defaults,
      defaultLastStride: () => 1,
    });
  }
}
