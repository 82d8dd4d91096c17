import { unknownName } from '@covpool/base';

/**
 * Colours of series, in the order they are given out. All eight differ by at least 12 (ΔE*ab; 2.3 is just noticeable) also in protanopia
 * and deuteranopia, and have a contrast of 3 on white, enough for thin lines.
 */
export const palette: readonly string[] = [
  '#0072b2', // blue
  '#d55e00', // vermilion
  '#00846a', // green
  '#801638', // wine
  '#3a1f96', // indigo
  '#b548e6', // violet
  '#8a8f96', // grey
  '#4d3b00', // brown
];

/** Which colour a series has; the same function given to several charts keeps a series' colour the same in all of them. */
export type SeriesColours = (name: string) => string;

/**
 * Fixes one colour per name, in the order of the names; after eight they begin again.
 *
 * ```ts
 * const colours = seriesColours(['gap', 'isqrt', 'dropcov']);
 * await lineChart({ title, x, y, series, colours });
 * await barChart({ title, x, bars, colours }); // 'isqrt' has the same colour here
 * ```
 *
 * The returned function throws `bad-argument` for a name that was not given.
 */
export function seriesColours(names: readonly string[]): SeriesColours {
  const colours = new Map([...new Set(names)].map((name, i) => [name, palette[i % palette.length]!]));
  return (name) => {
    const colour = colours.get(name);
    if (colour === undefined) throw unknownName('seriesColours', 'series', name, colours.keys());
    return colour;
  };
}
