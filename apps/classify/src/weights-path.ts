import { hubAddress } from '@covpool/checkpoints';
import { userPath } from '@covpool/cli';

/** Whether weights are on the web. */
export const isAddress = (given: string): boolean => /^(https?|hf):\/\//.test(given);

/** What a user typed: a web address, a model of a hub (that of HF_ENDPOINT, as in Hugging Face's own programs), or a path. */
export const weightsPath = (given: string): string =>
  isAddress(given) ? hubAddress(given, process.env.HF_ENDPOINT || undefined) : userPath(given);
