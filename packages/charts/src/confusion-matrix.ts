import { checkArgument } from '@covpool/base';
import type { TopLevelSpec } from 'vega-lite';
import { checkMatrix, checkNames } from './check.ts';
import { renderVega } from './render-vega.ts';
import { formatNumber, formatPercent, textWidth } from './text.ts';
import { ink, muted, paper } from './theme.ts';

export interface ConfusionMatrixOptions {
  title: string;
  classes: readonly string[];
  /** `counts[label][predicted]`. */
  counts: readonly ArrayLike<number>[];
}

/**
 * A confusion matrix as SVG: a row per true class, a column per predicted one. The colour is the share of the row, so that rare classes
 * are as legible as common ones; the cells print the counts, the margin each class's recall.
 *
 * @throws `bad-argument` if the counts are not classes × classes or negative, or two classes have one name; `non-finite` for NaN.
 */
export async function confusionMatrix({ title, classes, counts }: ConfusionMatrixOptions): Promise<string> {
  checkNames('confusionMatrix', 'class', classes);
  const columns = checkMatrix('confusionMatrix', counts);
  checkArgument(
    counts.length === classes.length && columns === classes.length,
    () => `confusionMatrix: counts must be [${classes.length},${classes.length}], got [${counts.length},${columns}]`,
  );
  const rows = counts.map((row) => Array.from(row));
  const cells = rows.flatMap((row, label) => {
    const total = row.reduce((sum, count) => sum + count, 0);
    return row.map((count, predicted) => {
      checkArgument(
        count >= 0,
        () => `confusionMatrix: counts must be at least 0, got ${count} at [${label}][${predicted}]`,
      );
      return {
        label: classes[label],
        predicted: classes[predicted],
        share: total > 0 ? count / total : 0,
        text: formatNumber(count),
        shade: count === 0 ? '#b4bcc6' : count / total > 0.55 ? paper : ink,
      };
    });
  });
  const recalls = rows.map((row, label) => ({
    label: classes[label],
    text: formatPercent(row[label]! / row.reduce((sum, count) => sum + count, 0)),
  }));

  const step = classes.length <= 6 ? 62 : classes.length <= 10 ? 48 : classes.length <= 24 ? 34 : 26;
  const size = step * classes.length;
  const fontSize = Math.min(14, step * 0.34);
  const tilted = classes.some((name) => textWidth(name, 11.5) > step - 2);
  const scale = { paddingInner: 0.04, paddingOuter: 0 };
  const atY = {
    field: 'label',
    type: 'nominal',
    sort: null,
    scale,
    axis: { title: 'true class', domain: false, labelColor: ink, labelLimit: 200 },
  } as const;
  const atX = {
    field: 'predicted',
    type: 'nominal',
    sort: null,
    scale,
    axis: {
      title: 'predicted class',
      domain: false,
      labelColor: ink,
      labelLimit: 200,
      ...(tilted ? { labelAngle: -45, labelAlign: 'right', labelBaseline: 'middle' } : { labelAngle: 0 }),
    },
  } as const;
  const spec = {
    title: { text: title, subtitle: 'counts; the darker a cell, the larger its share of the true class' },
    description: `${title}: ${recalls.map(({ label, text }) => `${label} ${text} recognised`).join(', ')}`,
    width: size,
    height: size,
    data: { values: cells },
    resolve: { scale: { color: 'independent' } },
    layer: [
      {
        mark: { type: 'rect', cornerRadius: step > 40 ? 4 : 0 },
        encoding: {
          x: atX,
          y: atY,
          color: {
            field: 'share',
            type: 'quantitative',
            scale: { domain: [0, 0.25, 0.5, 0.75, 1], range: ['#f1f4f8', '#b9d5ea', '#6aaad6', '#2a78b8', '#0b4a85'] },
            legend: null,
          },
        },
      },
      {
        mark: { type: 'text', fontSize },
        encoding: { x: atX, y: atY, text: { field: 'text' }, color: { field: 'shade', type: 'nominal', scale: null } },
      },
      {
        data: { values: recalls },
        mark: { type: 'text', align: 'right', fontSize: Math.max(11, fontSize - 1), fontWeight: 600 },
        encoding: { x: { value: size + 46 }, y: atY, text: { field: 'text' } },
      },
      {
        data: { values: [{ text: 'recall' }] },
        mark: { type: 'text', align: 'right', baseline: 'bottom', fontSize: 11.5, color: muted },
        encoding: { x: { value: size + 46 }, y: { value: -6 }, text: { field: 'text' } },
      },
    ],
  };
  return renderVega(spec as TopLevelSpec);
}
