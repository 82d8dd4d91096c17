import type { Errors, SubjectErrors } from './engine-table.ts';
import type { FeatureKind } from './features.ts';
import { conditions, type PrecisionRow } from './precision-table.ts';

interface EngineErrors {
  engine: string;
  rows: SubjectErrors[];
}

/** The accuracy page, in Markdown. */
export function accuracyPage(kinds: FeatureKind[], tables: EngineErrors[], precision: PrecisionRow[]): string {
  const header = ['function', ...kinds.map(({ name, rows }) => `${name}, ${rows.length}×${rows[0]!.length}`)];
  const engines = tables.flatMap(({ engine, rows }) => [
    `### ${engine}`,
    '',
    ...table([header, ...rows.map(({ name, errors }) => [`\`${name}\``, ...errors.map(pair)])]),
    '',
  ]);
  const figures = precision.map(({ name, errors }) => [name, ...errors.map(pair)]);
  const heads = ['way to the root', ...conditions.map((condition) => `1e${Math.round(Math.log10(condition))}`)];
  return [intro, ...engines, finding, ...table([heads, ...figures]), ''].join('\n');
}

const figure = (error: number): string => (error === 0 ? '0' : Number.isFinite(error) ? error.toExponential(0) : '∞');

const pair = ({ value, gradient }: Errors): string =>
  gradient === undefined ? figure(value) : `${figure(value)} / ${figure(gradient)}`;

function table(rows: string[][]): string[] {
  const line = (cells: string[]): string => `| ${cells.join(' | ')} |`;
  return [line(rows[0]!), line(rows[0]!.map(() => '---')), ...rows.slice(1).map(line)];
}

const intro = `# Accuracy

Measured by \`tools/make-accuracy.ts\` (\`npx -y pnpm@10 accuracy\`) against float64: every function on features [M,d] of
float32 numbers, its value and, behind the slash, its gradient.

- Value: \`‖Q − Q*‖ / ‖Q*‖\` in the Frobenius norm, Q\\* the formula in float64 with eigenvalues by Jacobi rotations; where Q\\* is
  zero, \`‖Q‖\`.
- Gradient: \`⟨dX, D⟩\` against central differences of the float64 formula along three random directions D, relative. It is left
  out where the formula has no derivative (a root at features of rank one or zero) and where the gradient is a published
  approximation (MPA, MTP).

Functions with float64 inside return float32: their errors end at 1e-8 to 1e-7, the rounding of the result. MPN-COV's rank cut treats
what it drops as zero, which its gradient at a condition of 1e12 shows; features that are one constant are not quite zero after
float32 took their mean.

## Functions by engine
`;

const finding = `## Float32 against float64

Song, Sebe & Wang (ICCV 2021) find covariances of a condition of 1e13 to 1e14 in training, beyond the 8e6 that float32 resolves, and
run their SVD layers in float64. Here is why: ways to the root of a covariance of 64 positions and 16 channels by its condition,
and how far value and gradient are from those of the true root, on wasm. The rows in float32 compute covariance and eigenvalues in
float32. Newton–Schulz and MPA are no approximations of the root there but functions of their own: they shrink or raise
what is small, and their gradients stay bounded.
`;
