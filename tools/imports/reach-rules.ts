import { posix } from 'node:path';
import { resolveReference, type SourceGraph } from './graph.ts';
import type { Problem } from './problem.ts';
import { sourceEntries, type Package } from '../workspace.ts';

/** Dependencies that run in Node only, so that only `/node` entries may reach them. */
const NODE_ONLY: readonly string[] = [
  '@resvg/resvg-js',
  '@tensorflow/tfjs-node',
  '@tensorflow/tfjs-node-gpu',
  'koffi',
  'onnxruntime-node',
  'sharp',
  'webgpu',
];

interface Step {
  file: string;
  line: number;
}

/**
 * The rules about what an entry reaches through any number of imports, which type-only imports are not. An import that
 * several entries reach is named once.
 */
export function reachProblems(graph: SourceGraph): Problem[] {
  const all = graph.workspace.packages
    .filter(({ isApp, manifest }) => !isApp && !manifest.private)
    .flatMap((owner) =>
      [...sourceEntries(owner)].flatMap(([entry, source]) => {
        const start = posix.join(owner.folder, source);
        const problems = entry.split('/').includes('node') ? [] : browserProblems(graph, start);
        return entry === '.' ? [...problems, ...layersProblems(graph, owner, start)] : problems;
      }),
    );
  return [
    ...new Map(
      all.toReversed().map((problem) => [`${problem.file}:${problem.line} ${problem.rule}`, problem]),
    ).values(),
  ];
}

function browserProblems(graph: SourceGraph, start: string): Problem[] {
  return walk(graph, start, (target) => {
    if (target.kind === 'builtin') return target.name;
    return target.kind === 'external' && NODE_ONLY.includes(target.name) ? target.name : undefined;
  }).map(({ step, name, chain }) => ({
    ...step,
    rule: 'browser-safe',
    message: `${start} reaches ${name} (${chain}); move what needs Node behind a /node entry`,
  }));
}

/** Registering is a side effect; a main entry that is marked free of them must not drag it in. */
function layersProblems(graph: SourceGraph, owner: Package, start: string): Problem[] {
  if (owner.manifest.sideEffects === true) return [];
  return walk(graph, start, (target) => {
    const path = target.kind === 'relative' || target.kind === 'workspace' ? target.path : undefined;
    return path?.endsWith('/src/layers.ts') ? path : undefined;
  }).map(({ step, name, chain }) => ({
    ...step,
    rule: 'layers apart',
    message: `${start} reaches ${name} (${chain}); only the umbrella and users import /layers, which registers classes`,
  }));
}

type Forbidden = (target: ReturnType<typeof resolveReference>) => string | undefined;

function walk(
  { workspace, files }: SourceGraph,
  start: string,
  forbidden: Forbidden,
): { step: Step; name: string; chain: string }[] {
  const found: { step: Step; name: string; chain: string }[] = [];
  const queue: { path: string; chain: string[] }[] = [{ path: start, chain: [start] }];
  const seen = new Set([start]);
  for (const { path, chain } of queue) {
    const file = files.get(path);
    for (const reference of file?.references ?? []) {
      if (!file || reference.kind === 'type') continue;
      const target = resolveReference(workspace, file, reference);
      const name = forbidden(target);
      if (name) found.push({ step: { file: path, line: reference.line }, name, chain: [...chain, name].join(' > ') });
      const next = target.kind === 'relative' || target.kind === 'workspace' ? target.path : undefined;
      if (name || !next || seen.has(next)) continue;
      seen.add(next);
      queue.push({ path: next, chain: [...chain, next] });
    }
  }
  return found;
}
