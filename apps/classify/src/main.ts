import { runProgram } from '@covpool/cli';
import { program } from './program.ts';

process.exitCode = await runProgram(program, process.argv.slice(2));
