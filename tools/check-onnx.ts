import { runSteps } from './check/step.ts';
import { onnxTests } from './onnx/onnx-tests.ts';

// Whether ONNX Runtime computes what our networks do: `test:onnx` installs it outside of the repository at the first call.

process.exitCode = await runSteps([onnxTests]);
