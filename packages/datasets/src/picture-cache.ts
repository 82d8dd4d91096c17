import type { Picture } from './picture.ts';

/**
 * Keeps what `read` returned in memory until `byteLimit` bytes are used; later reads of the same index give the same
 * object, whose pixels must not be changed. Nothing is evicted: epochs visit every picture once, and any policy of
 * replacement would then miss more often than the pictures that came first.
 */
export function cachePictures(
  read: (index: number) => Promise<Picture>,
  byteLimit: number,
): (index: number) => Promise<Picture> {
  const held = new Map<number, Picture>();
  let used = 0;
  return async (index) => {
    const known = held.get(index);
    if (known) return known;
    const picture = await read(index);
    if (used + picture.data.byteLength <= byteLimit && !held.has(index)) {
      held.set(index, picture);
      used += picture.data.byteLength;
    }
    return picture;
  };
}
