import { CovpoolError } from '@covpool/base';
import { readSafetensors, type Safetensors } from './safetensors.ts';
import { readTorch } from './read-torch.ts';

/** Enough of a file to tell its format. */
export const FORMAT_BYTES = 9;

/**
 * What the first bytes say: the JSON of a safetensors file begins at the ninth, a zip archive or a pickle at the first.
 *
 * @throws bad-input if it is neither
 */
export function weightsFormat(start: Uint8Array): 'safetensors' | 'torch' {
  if (start[8] === 0x7b) return 'safetensors';
  if ((start[0] === 0x50 && start[1] === 0x4b) || start[0] === 0x80) return 'torch';
  throw new CovpoolError('bad-input', 'weights: a safetensors or PyTorch file is required, got neither');
}

/**
 * Reads a safetensors or a PyTorch file, whichever the bytes are.
 *
 * @throws bad-input
 */
export function readWeights(bytes: Uint8Array): Safetensors {
  return weightsFormat(bytes) === 'safetensors' ? readSafetensors(bytes) : readTorch(bytes);
}
