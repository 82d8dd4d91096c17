import { nodeBuiltin } from './platform.ts';

/** Whether the kernel of a Linux system shows a graphics device (a render node, NVIDIA's, or that of WSL); true on other systems in Node. */
export function hasGraphicsDevice(devices = '/dev'): boolean {
  if (process.platform !== 'linux') return true;
  const fs = nodeBuiltin<typeof import('node:fs')>('node:fs');
  const names = (folder: string): string[] => (fs?.existsSync(folder) ? fs.readdirSync(folder) : []);
  return (
    names(`${devices}/dri`).some((name) => name.startsWith('renderD')) ||
    names(devices).some((name) => name === 'dxg' || /^nvidia\d+$/.test(name))
  );
}
