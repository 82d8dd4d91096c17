import { unknownName } from '@covpool/base';
import { pooling, type PoolingSpec } from '@covpool/core';
import { layers, type SymbolicTensor } from '@tensorflow/tfjs-layers';
import type { Stage } from './backbone-registry.ts';
import { FirstToken } from './class-token.ts';
import { add } from './parts.ts';
import { project } from './transformer-parts.ts';

const fusions = ['visual', 'sum-fc', 'concat', 'aggre-all'] as const;

/**
 * What the logits of a transformer with a class token c and pooled patch tokens z are: `visual`, FC(z); `sum-fc`, FC(z) + FC(c);
 * `concat`, FC of both in a row; `aggre-all`, FC(z) with the class token pooled like any other. Two losses, one for each token, are for
 * `secondOrderHead` of the package dropcov.
 */
export type TokenFusion = (typeof fusions)[number];

export interface HeadOptions {
  classes: number;
  /** Absent: the class token alone is classified. */
  pooling?: PoolingSpec;
  fusion: TokenFusion;
}

/**
 * The classifier behind a transformer with a class token. Weights are named as in the networks' own code: `head` where one of the two kinds of
 * tokens is classified; else `classifier.visual_fc` and `classifier.cls_fc`, as in DropCov's.
 */
export function classTokenHead(
  { features, tokens }: Stage,
  { classes, pooling: spec, fusion }: HeadOptions,
): SymbolicTensor {
  if (!fusions.includes(fusion)) throw unknownName('createModel', 'fusion', fusion, fusions);
  const first = (): SymbolicTensor => new FirstToken({ name: 'class_token' }).apply(tokens!) as SymbolicTensor;
  if (!spec) return project(first(), 'head', classes);
  const { name, ...options } = spec;
  const pooled = fusion === 'aggre-all' ? tokens! : features;
  const z = pooling(name, { ...options, name: 'pool' }).apply(pooled) as SymbolicTensor;
  if (fusion === 'visual') return project(z, 'head', classes);
  if (fusion === 'aggre-all') return project(z, 'classifier.visual_fc', classes);
  const c = first();
  if (fusion === 'concat') {
    const row = layers.concatenate({ name: 'classifier.concat' }).apply([c, z]) as SymbolicTensor;
    return project(row, 'classifier.visual_fc', classes);
  }
  return add(project(z, 'classifier.visual_fc', classes), project(c, 'classifier.cls_fc', classes), 'classifier.add');
}
