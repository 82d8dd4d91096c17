import { evidenceOf } from './evidence.ts';
import { exportedFunctions } from './functions.ts';
import type { Method, MethodKind } from './methods.ts';

const engines: Record<Method['engines'], string> = {
  all: 'all',
  host: 'cpu, wasm, tensorflow (float64)',
  'host-and-webgpu': 'cpu, wasm, tensorflow (float64); webgpu (float32)',
};

/** The feature page, in Markdown. */
export function featurePage(kinds: MethodKind[], root: string): string {
  const sections = kinds.map(({ title, text, methods }) => {
    const rows = methods.map((method) => row(method, root));
    return [`## ${title}`, '', text, '', ...table([header, ...rows]), ''].join('\n');
  });
  const registered = new Set(kinds.flatMap(({ methods }) => methods.map((method) => method.function)));
  const others = exportedFunctions(['covariance', 'matrix-power', 'dropcov', 'gsop', 'idccp'], root)
    .filter(({ name }) => !registered.has(name))
    .map(({ name, summary, package: owner, testFile }) => [
      `\`${name}\``,
      summary,
      `\`${owner}\``,
      `[${testFile.split('/').at(-1)!}](../${testFile})`,
    ]);
  const parts = ['## Other functions', '', 'What they are made of.', ''];
  return [
    intro,
    ...sections,
    ...parts,
    ...table([['function', 'what it computes', 'package', 'tests'], ...others]),
    '',
  ].join('\n');
}

const header = [
  'name',
  'what it computes',
  'options',
  'function',
  'layer',
  'package',
  'gradient',
  'engines',
  'tests',
  'paper',
];

function row(method: Method, root: string): string[] {
  const { package: owner, testFile } = evidenceOf(method, root);
  const code = (text: string): string => `\`${text}\``;
  return [
    code(method.name),
    method.summary,
    method.options.map(code).join(' '),
    method.function ? code(method.function) : '',
    code(method.layer),
    code(owner),
    method.gradient,
    engines[method.engines],
    `[${testFile.split('/').at(-1)!}](../${testFile})`,
    method.paper,
  ];
}

/** A table; its columns are aligned later. */
function table(rows: string[][]): string[] {
  const line = (cells: string[]): string => `| ${cells.join(' | ')} |`;
  return [line(rows[0]!), line(rows[0]!.map(() => '---')), ...rows.slice(1).map(line)];
}

const intro = `# Features

Every registered method: made from the registries by \`tools/make-features.ts\`, which also checks that the functions and
layers are exported and tested. \`npx -y pnpm@10 test\` fails if this page is not what they say.

- **gradient**: \`automatic\`, by the operations it consists of; \`analytic\`, by a rule of its own that is the exact derivative;
  \`approximate\`, by a published rule that is not. Exact ones are held to numerical differences by
  [one suite over the whole registry](../packages/covpool/src/poolings.test.ts).
- **engines**: \`all\`, or those whose memory the processor reads, where it is computed in float64, and webgpu where a kernel in
  float32 stands for it.
- **options** are those beside \`dim\`, \`reduce\`, \`activation\` and \`groups\`, which every pooling has.

Functions and layers of each package are described in its README.
`;
