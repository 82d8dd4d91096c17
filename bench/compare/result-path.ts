import { fileURLToPath } from 'node:url';

/** Where a bench leaves its figures. */
export const resultPath = (name: string): string => fileURLToPath(new URL(`../results/${name}.json`, import.meta.url));
