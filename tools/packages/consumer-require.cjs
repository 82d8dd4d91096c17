// Runs in a folder where the packed packages are installed: every entry as CommonJS, with no ES module loaded before.
for (const specifier of process.argv.slice(2)) require(specifier);
