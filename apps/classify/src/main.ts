import { runMain } from '@covpool/cli';
import { program } from './program.ts';

await runMain(program);
