import { CovpoolError } from '@covpool/base';
import { TorchTensor } from './torch-tensor.ts';

type Dictionary = Map<unknown, unknown>;

/** The tensors of a saved object by name, what stands beside them, and where they were. */
export interface StateDict {
  state: Map<string, TorchTensor>;
  metadata: Record<string, string>;
  path: string;
}

/** Where training scripts put the state dict, in order of preference. */
const USUAL = ['state_dict', 'model_state_dict', 'model'];
const DEEPEST = 8;
const PREFIX = 'module.';

/** @throws bad-input naming what there is, if there is no state dict */
export function findStateDict(root: unknown): StateDict {
  const metadata: Record<string, string> = {};
  const path: string[] = [];
  let dictionary = root;
  for (let next: string | undefined; path.length < DEEPEST; path.push(next)) {
    if (!(dictionary instanceof Map)) break;
    note(metadata, dictionary);
    next = step(dictionary);
    if (next === undefined) {
      const state = tensorsOf(dictionary);
      if (state.size > 0) return { state: withoutPrefix(state), metadata, path: path.join('.') };
      break;
    }
    dictionary = dictionary.get(next);
  }
  throw new CovpoolError('bad-input', `torch file: a state dict is required, got ${describe(root)}`);
}

/** Where to look further; undefined: here or nowhere. */
function step(dictionary: Dictionary): string | undefined {
  const usual = USUAL.find((key) => {
    const value = dictionary.get(key);
    return holdsTensors(value) || (value instanceof Map && USUAL.some((inner) => holdsTensors(value.get(inner))));
  });
  if (usual !== undefined || holdsTensors(dictionary)) return usual;
  const checked = new Set<unknown>();
  const found: string[] = [];
  for (const [key, value] of dictionary) {
    if (typeof key !== 'string' || checked.has(value)) continue;
    checked.add(value);
    if (holdsTensors(value)) found.push(key);
  }
  return found.length === 1 ? found[0] : undefined;
}

function holdsTensors(value: unknown): boolean {
  if (!(value instanceof Map)) return false;
  for (const entry of value.values()) if (entry instanceof TorchTensor) return true;
  return false;
}

function tensorsOf(dictionary: Dictionary): Map<string, TorchTensor> {
  const state = new Map<string, TorchTensor>();
  for (const [name, value] of dictionary) {
    if (typeof name === 'string' && value instanceof TorchTensor) state.set(name, value);
  }
  return state;
}

function note(metadata: Record<string, string>, dictionary: Dictionary): void {
  for (const [name, value] of dictionary) {
    if (typeof name !== 'string' || !['string', 'number', 'bigint', 'boolean'].includes(typeof value)) continue;
    Object.defineProperty(metadata, name, {
      value: String(value),
      enumerable: true,
      configurable: true,
      writable: true,
    });
  }
}

/** Models wrapped for data parallelism are saved with a prefix that the model itself lacks. */
function withoutPrefix(state: Map<string, TorchTensor>): Map<string, TorchTensor> {
  if (![...state.keys()].every((name) => name.startsWith(PREFIX))) return state;
  return new Map([...state].map(([name, tensor]) => [name.slice(PREFIX.length), tensor]));
}

const SHOWN = 6;

function describe(root: unknown): string {
  if (root instanceof TorchTensor) return 'a single tensor';
  if (root === null) return 'None';
  if (!(root instanceof Map)) return Array.isArray(root) ? 'a list' : `a ${typeof root}`;
  const keys = [...root.keys()].filter((key) => typeof key === 'string').slice(0, SHOWN);
  return `a dictionary with ${keys.length > 0 ? keys.join(', ') : 'no names'}, none of them one dictionary of tensors`;
}
