import type { TopLevelSpec } from 'vega-lite';
import { dropForbidden, textWidth } from './text.ts';
import { fontFamily, vegaConfig } from './theme.ts';

/** Vega's hook for measuring text, which its types leave out. */
interface TextMetrics {
  width(item: TextItem, text?: unknown): number;
}

interface TextItem {
  font?: string;
  fontSize?: number;
  fontWeight?: string | number;
  text?: unknown;
}

let measuresOurFont = false;

/** Draws a Vega-Lite chart in the house style as SVG, without a DOM. Vega is loaded on the first call (about 0.3 s). */
export async function renderVega(spec: TopLevelSpec): Promise<string> {
  const [vega, { compile }] = await Promise.all([import('vega'), import('vega-lite')]);
  if (!measuresOurFont) {
    const { textMetrics } = vega as unknown as { textMetrics: TextMetrics };
    const measureOthers = textMetrics.width;
    // Without a canvas Vega takes every letter for 0.8 em, and leaves gaps; charts of other users of Vega stay as they are.
    textMetrics.width = (item, text) =>
      item.font === fontFamily
        ? textWidth(String(text ?? item.text ?? ''), item.fontSize ?? 11, Number(item.fontWeight) >= 600)
        : measureOthers(item, text);
    measuresOurFont = true;
  }
  const compiled = compile({ ...spec, config: vegaConfig });
  const view = new vega.View(vega.parse(compiled.spec), { renderer: 'none', logLevel: vega.Error });
  try {
    return dropForbidden(await view.toSVG());
  } finally {
    view.finalize();
  }
}
