import { Resvg } from '@resvg/resvg-js';
import { fileURLToPath } from 'node:url';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { dropForbidden, escapeMarkup, formatAlike, formatNumber, formatPercent, shorten, textWidth } from './text.ts';

describe('values', () => {
  it.each<[number, string]>([
    [0, '0'],
    [15, '15'],
    [1234, '1234'],
    [78502, '78.5k'],
    [11_200_000, '11.2M'],
    [2e9, '2G'],
    [71.34, '71.3'],
    [123.4, '123'],
    [0.0123, '0.0123'],
    [-2.5, '−2.5'],
    [100_000, '100k'],
    [999.96, '1000'],
    [NaN, '–'],
  ])('%d reads %s', (value, text) => {
    expect(formatNumber(value)).toBe(text);
  });

  it('writes numbers of one kind alike', () => {
    expect([68.2, 71, 9.05].map(formatAlike([68.2, 71, 9.05]))).toEqual(['68.2', '71.0', '9.1']);
    expect([1, 20].map(formatAlike([1, 20]))).toEqual(['1', '20']);
    expect([0.001, 0.25].map(formatAlike([0.001, 0.25]))).toEqual(['0.001', '0.250']);
  });

  it.each<[number, string]>([
    [0, '0%'],
    [0.004, '<1%'],
    [0.666, '67%'],
    [1, '100%'],
    [NaN, '–'],
  ])('a share of %d reads %s', (share, text) => {
    expect(formatPercent(share)).toBe(text);
  });

  it('escapes what markup would take for its own', () => {
    expect(escapeMarkup(`<a href="x" id='y'>&`)).toBe('&lt;a href=&quot;x&quot; id=&#39;y&#39;&gt;&amp;');
  });

  it('replaces what XML forbids, and nothing else', () => {
    expect(dropForbidden('a\u0000b\u001bc\ud800d\ufffee')).toBe('a?b?c?d?e');
    expect(dropForbidden('tab\tline\n日本 🙂')).toBe('tab\tline\n日本 🙂');
  });

  // The table of widths must be that of the font which is drawn.
  it.each(['Validation accuracy', 'iSQRT-COV', '68.2 (%)', 'WMil.,'])('measures %s as it is drawn', (text) => {
    const svg = `<svg xmlns="http://www.w3.org/2000/svg" width="900" height="60"><text y="40" font-size="40" style="font-kerning:none">|${text}|</text></svg>`;
    const font = fileURLToPath(new URL('../fonts/inter-regular.ttf', import.meta.url));
    const drawn = new Resvg(svg, { font: { fontFiles: [font], loadSystemFonts: false, defaultFontFamily: 'Inter' } });
    expect(textWidth(`|${text}`, 40) / drawn.innerBBox()!.width).toBeCloseTo(1, 1);
  });
});

describe('properties', () => {
  it('shortens to what fits, never in the middle of a letter', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), fc.integer({ min: 20, max: 200 }), (text, width) => {
        const short = shorten(text, width, 12);
        expect(textWidth(short, 12)).toBeLessThanOrEqual(Math.max(width, 0));
        expect(dropForbidden(short)).toBe(short);
        expect(short === text || short.endsWith('…')).toBe(true);
      }),
    );
  });

  it('escapes so that nothing but entities begins with & or opens a tag', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        expect(escapeMarkup(text).replace(/&(amp|lt|gt|quot|#39);/g, '')).not.toMatch(/[&<>"']/);
      }),
    );
  });
});
