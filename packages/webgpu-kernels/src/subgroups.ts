import { env } from '@tensorflow/tfjs-core';
import type { RecordingBackend } from './webgpu-backend.ts';

/** The flag of TensorFlow.js that switches subgroups off: `env().set('COVPOOL_WEBGPU_SUBGROUPS', false)`. */
export const SUBGROUPS_FLAG = 'COVPOOL_WEBGPU_SUBGROUPS';

env().registerFlag(SUBGROUPS_FLAG, () => true);

/** Whether shaders may use subgroups: the device was made with the feature, and the flag is not off. */
export const hasSubgroups = ({ device }: Pick<RecordingBackend, 'device'>): boolean =>
  device.features.has('subgroups') && env().getBool(SUBGROUPS_FLAG);
