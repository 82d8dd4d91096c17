import { userPath } from '@covpool/cli';

/** Whether weights are on the web. */
export const isAddress = (given: string): boolean => /^https?:\/\//.test(given);

/** What a user typed: a web address as it is, or a path. */
export const weightsPath = (given: string): string => (isAddress(given) ? given : userPath(given));
