// Runs in a folder where the packed packages are installed: every entry as CommonJS, with no ES module loaded before.
const assert = require('node:assert/strict');

for (const specifier of process.argv.slice(2)) require(specifier);

const { isqrtCov, useEngine } = require('covpool');
const { grad, randomNormal, sum } = require('@tensorflow/tfjs-core');

// A gradient on the engine that installs everywhere takes the built kernels along.
async function main() {
  await useEngine('wasm');
  const slope = await grad((x) => sum(isqrtCov(x)))(randomNormal([2, 5, 3], 0, 1, 'float32', 7)).data();
  assert.equal(slope.length, 30);
  assert.ok(slope.every(Number.isFinite), 'the gradient of isqrtCov must be finite');
}

main();
