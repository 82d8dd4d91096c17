import { CovpoolError, unknownName } from '@covpool/base';
import { sharedGlobal } from './shared-global.ts';

/** Named things of one kind. Registering a name twice replaces it, so that two copies of a package may both register. */
export interface Registry<T> {
  register(name: string, entry: T): void;
  /** The entry, or an error that lists what exists. */
  get(name: string): T;
  has(name: string): boolean;
  /** All names in the order of registration; `pattern` may hold `*`. */
  names(pattern?: string): string[];
}

/** The registry of this kind, shared by every copy of the package in the process. */
export function registry<T>(who: string, kind: string): Registry<T> {
  const entries = sharedGlobal(`registry.${kind}`, () => new Map<string, T>());
  return {
    register(name, entry) {
      entries.set(name, entry);
    },
    get(name) {
      const entry = entries.get(name);
      if (entry === undefined) throw unknownName(who, kind, name, entries.keys());
      return entry;
    },
    has: (name) => entries.has(name),
    names(pattern = '*') {
      const expression = new RegExp(`^${pattern.split('*').map(escape).join('.*')}$`);
      return [...entries.keys()].filter((name) => expression.test(name));
    },
  };
}

const escape = (text: string): string => text.replace(/[.+?^${}()|[\]\\]/g, '\\$&');

/** Refuses options that a named thing does not have, listing those it has. */
export function checkOptionNames(who: string, options: object, known: readonly string[]): void {
  for (const key of Object.keys(options)) {
    if (!known.includes(key)) {
      throw new CovpoolError('bad-argument', `${who}: unknown option '${key}'; it has: ${known.join(', ')}`);
    }
  }
}
