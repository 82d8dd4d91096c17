import { checkArgument } from '@covpool/base';
import { util } from '@tensorflow/tfjs-core';
import type { TensorInfo } from '@tensorflow/tfjs-core';

/** Rows and channels of x [..., C], which must be float32 and come with tensors of one number per channel. */
export function channelRows(who: string, x: TensorInfo, perChannel: TensorInfo[]): [rows: number, channels: number] {
  const channels = x.shape.at(-1) ?? 1;
  checkArgument(
    x.dtype === 'float32' && perChannel.every(({ shape }) => util.sizeFromShape(shape) === channels),
    () => `${who}: float32 x [..., C] and one number per channel are required, got ${x.dtype} [${x.shape}]`,
  );
  return [channels === 0 ? 0 : util.sizeFromShape(x.shape) / channels, channels];
}
