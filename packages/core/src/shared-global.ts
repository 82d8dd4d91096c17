/**
 * One object per name for the whole process: an ES module and a CommonJS copy of this package, loaded side by side,
 * meet in it.
 */
export function sharedGlobal<T>(name: string, create: () => T): T {
  const key = Symbol.for(`covpool.${name}`);
  const holder = globalThis as unknown as Record<symbol, T | undefined>;
  return (holder[key] ??= create());
}
