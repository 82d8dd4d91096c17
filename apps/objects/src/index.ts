export { objectProgram } from './program.ts';
