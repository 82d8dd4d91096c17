import { loadTorch } from './torch-file.ts';
import { loadSafetensors } from './safetensors-file.ts';

/** The most memory that the process ever had, in bytes. */
const most = (): number => process.resourceUsage().maxRSS * 1024;

const [path = ''] = process.argv.slice(2);
const before = most();
const { tensors } = await (path.endsWith('.safetensors') ? loadSafetensors(path) : loadTorch(path));
const after = most();
process.stdout.write(JSON.stringify({ grown: after - before, tensors: tensors.size }));
