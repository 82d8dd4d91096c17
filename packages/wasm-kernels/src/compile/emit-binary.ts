import { writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { compileKernels } from './compile.ts';

// Part of `pnpm build`: both binaries as text inside one module, so that bundlers and browsers need nothing else.
const [relaxed, plain] = await Promise.all([compileKernels('relaxed'), compileKernels('plain')]);
const base64 = (bytes: Uint8Array): string => JSON.stringify(Buffer.from(bytes).toString('base64'));
const body = `const binaries = {
  relaxed: ${base64(relaxed)},
  plain: ${base64(plain)},
};
async function loadBinary(kind) {
  return Uint8Array.from(atob(binaries[kind]), (character) => character.charCodeAt(0));
}
`;
const dist = (name: string): string => fileURLToPath(new URL(`../../dist/${name}`, import.meta.url));
await writeFile(dist('binary.js'), `${body}export { loadBinary };\n`);
await writeFile(dist('binary.cjs'), `${body}exports.loadBinary = loadBinary;\n`);
