import { runSteps } from './check/step.ts';
import { onnxTests } from './onnx/onnx-tests.ts';

// Whether ONNX Runtime computes what our networks do: `test:onnx` installs it outside of the repository at the first call.
// `test:onnx [name …]` names published networks for which it is asked, too; without, all of them. CI asks for small ones alone.

process.exitCode = await runSteps([onnxTests(process.argv.slice(2).join(',') || 'all')]);
