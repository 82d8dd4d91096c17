// Runs in a folder where the packed packages are installed: every entry as an ES module, then as CommonJS beside it.
import assert from 'node:assert/strict';
import { createRequire } from 'node:module';

const require = createRequire(import.meta.url);
const names = (module) =>
  Object.keys(module).filter((name) => !['default', 'module.exports', '__esModule'].includes(name));

for (const specifier of process.argv.slice(2)) {
  const imported = names(await import(specifier)).sort();
  const required = names(require(specifier)).sort();
  assert.deepEqual(required, imported, `${specifier}: require and import must give the same names`);
}

// Both copies of core are loaded by now; what one registers, the other knows.
const { poolings } = await import('@covpool/core');
const copy = require('@covpool/core').poolings;
assert.notEqual(copy, poolings, 'import and require must load a copy each, or nothing is tested here');
poolings.register('smoke-test', {});
assert.ok(copy.has('smoke-test'), 'a pooling registered by the ES module must be known to the CommonJS copy');
assert.deepEqual(copy.names(), poolings.names());

// A gradient on the engine that installs everywhere takes the built kernels along.
const { isqrtCov, useEngine } = await import('covpool');
const { grad, randomNormal, sum } = await import('@tensorflow/tfjs-core');
await useEngine('wasm');
const slope = await grad((x) => sum(isqrtCov(x)))(randomNormal([2, 5, 3], 0, 1, 'float32', 7)).data();
assert.equal(slope.length, 30);
assert.ok(slope.every(Number.isFinite), 'the gradient of isqrtCov must be finite');
