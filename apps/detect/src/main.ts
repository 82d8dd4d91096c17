import { runMain } from '@covpool/cli';
import { objectProgram } from '@covpool/objects';

await runMain(objectProgram('detect'));
