import { pathToFileURL } from 'node:url';
import { fileProblems, type Arrows } from './imports/file-rules.ts';
import { readGraph } from './imports/graph.ts';
import { packageProblems } from './imports/package-rules.ts';
import { formatProblem, type Problem } from './imports/problem.ts';
import { reachProblems } from './imports/reach-rules.ts';
import { readWorkspace, repositoryRoot, type Workspace } from './workspace.ts';

/**
 * Who may import whom. Arrows go one way, down to `base`; only apps and the umbrella import across.
 * A model knows a pooling, and a trainer a model, through the interface in `core` alone.
 */
export const ARROWS: Arrows = {
  base: [],
  core: ['base'],
  'wasm-kernels': ['base'],
  'webgpu-kernels': ['base'],
  engines: ['base', 'core', 'wasm-kernels', 'webgpu-kernels'],

  covariance: ['base', 'core', 'wasm-kernels'],
  'matrix-power': ['base', 'core', 'covariance', 'wasm-kernels'],
  dropcov: ['base', 'core', 'covariance', 'wasm-kernels'],
  gsop: ['base', 'core', 'covariance'],
  idccp: ['base', 'core', 'covariance', 'matrix-power', 'wasm-kernels'],

  backbones: ['base', 'core'],
  necks: ['base', 'core'],
  detectors: ['base', 'core', 'masks', 'necks', 'wasm-kernels'],
  datasets: ['base', 'masks'],
  masks: ['base'],
  metrics: ['base', 'masks'],
  checkpoints: ['base', 'core'],
  trainers: ['base', 'core', 'checkpoints'],
  charts: ['base'],

  cli: ['base', 'engines', 'trainers'],
  testing: ['base', 'core', 'engines'],

  covpool: [
    'base',
    'core',
    'engines',
    'covariance',
    'matrix-power',
    'dropcov',
    'gsop',
    'idccp',
    'backbones',
    'necks',
    'detectors',
    'datasets',
    'masks',
    'metrics',
    'checkpoints',
    'trainers',
    'charts',
  ],
  classify: [
    'base',
    'core',
    'engines',
    'covariance',
    'matrix-power',
    'dropcov',
    'gsop',
    'idccp',
    'backbones',
    'datasets',
    'metrics',
    'checkpoints',
    'trainers',
    'charts',
    'cli',
  ],
  // What detect and segment share; it is put together like an app.
  objects: [
    'backbones',
    'base',
    'charts',
    'checkpoints',
    'cli',
    'datasets',
    'detectors',
    'engines',
    'masks',
    'metrics',
    'trainers',
  ],
  detect: ['cli', 'objects'],
  segment: ['cli', 'objects'],
};

/** Every broken rule of the package graph, in the order of files. */
export function checkImports(workspace: Workspace, arrows: Arrows): Problem[] {
  const graph = readGraph(workspace);
  const problems = [
    ...packageProblems(workspace, arrows, 'tools/check-imports.ts'),
    ...fileProblems(graph, arrows),
    ...reachProblems(graph),
  ];
  return problems.sort((p, q) => (p.file === q.file ? p.line - q.line : p.file < q.file ? -1 : 1));
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  const workspace = readWorkspace(repositoryRoot);
  const problems = checkImports(workspace, ARROWS);
  for (const problem of problems) console.error(formatProblem(problem));
  if (problems.length > 0) process.exitCode = 1;
  else console.log(`${workspace.packages.length} packages keep to the arrows`);
}
