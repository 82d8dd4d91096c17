export { resize } from './resize.ts';
