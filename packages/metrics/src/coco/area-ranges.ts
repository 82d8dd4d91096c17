/** Areas in square pixels, both ends inclusive. */
const AREA_RANGES = {
  all: [0, 1e10],
  small: [0, 32 ** 2],
  medium: [32 ** 2, 96 ** 2],
  large: [96 ** 2, 1e10],
} as const;

export type AreaRange = keyof typeof AREA_RANGES;
export const areaRanges = Object.keys(AREA_RANGES) as AreaRange[];

export function isWithin(area: number, range: AreaRange): boolean {
  return area >= AREA_RANGES[range][0] && area <= AREA_RANGES[range][1];
}

/** A value for each range, from one for each of `areaRanges`. */
export function byRange<T>(values: readonly T[]): Record<AreaRange, T> {
  return { all: values[0]!, small: values[1]!, medium: values[2]!, large: values[3]! };
}
