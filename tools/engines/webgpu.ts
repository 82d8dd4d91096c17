import { command } from './command.ts';
import { provideWebgpu } from './install-webgpu.ts';

// Installs Dawn, WebGPU for Node, once for all clones: `engines:webgpu`.

await command(async () => {
  const { folder, made } = await provideWebgpu();
  console.log(`engines:webgpu: ${made ? 'installed' : 'is there already'}: ${folder}`);
});
