import { cocoIouThresholds } from './coco-parameters.ts';

/** What became of a detection at one threshold, in two bits. Neither: it does not count. */
export const HIT = 1;
export const MISS = 2;
/** A miss at every threshold. */
export const ALL_MISSES = cocoIouThresholds.reduce((word, _, t) => word | (MISS << (2 * t)), 0);

/** A threshold of 1 is not reached exactly. */
const LEAST_IOUS = cocoIouThresholds.map((threshold) => Math.min(threshold, 1 - 1e-10));

/** The detections of one picture and category, by falling score, and its objects. */
export interface Cell {
  found: number;
  objects: number;
  /** `[found · objects]` */
  ious: Float64Array;
  /** Per object: an object of several, which may be matched again and again. */
  crowd: Uint8Array;
  /** Per object: not to be found, because it is a crowd or of another size. */
  ignored: Uint8Array;
}

/**
 * Matches detections with objects at every IoU threshold: each detection, in order of score, takes the free object with which it
 * overlaps most, of equals the later; ignored objects only if no other will do. Sets the two bits at 2t, for threshold t, in the words of
 * those detections that find an object; the words stand as if they found none.
 */
export class Matcher {
  #order = new Int32Array(16);
  #taken = new Uint8Array(16);

  match(cell: Cell, words: Uint32Array, first: number): void {
    const { found, objects } = cell;
    this.#prepare(cell);
    for (let t = 0; t < LEAST_IOUS.length; t++) {
      const least = LEAST_IOUS[t]!;
      this.#taken.fill(0, 0, objects);
      let reached = false;
      for (let d = 0; d < found; d++) {
        const object = this.#best(cell, d, least);
        if (object < 0) continue;
        reached = true;
        this.#taken[object] = 1;
        const state = cell.ignored[object] ? 0 : HIT;
        words[first + d] = (words[first + d]! & ~(3 << (2 * t))) | (state << (2 * t));
      }
      // A higher threshold is reached by none either.
      if (!reached) return;
    }
  }

  /** Objects that are to be found come first. */
  #prepare({ objects, ignored }: Cell): void {
    if (this.#order.length < objects) {
      this.#order = new Int32Array(2 * objects);
      this.#taken = new Uint8Array(2 * objects);
    }
    let at = 0;
    for (let wanted = 0; wanted < 2; wanted++) {
      for (let g = 0; g < objects; g++) if (ignored[g] === wanted) this.#order[at++] = g;
    }
  }

  #best({ objects, ious, crowd, ignored }: Cell, d: number, least: number): number {
    let best = least;
    let match = -1;
    for (let i = 0; i < objects; i++) {
      const object = this.#order[i]!;
      if (this.#taken[object] && !crowd[object]) continue;
      if (match >= 0 && !ignored[match] && ignored[object]) break;
      const iou = ious[d * objects + object]!;
      if (iou < best) continue;
      best = iou;
      match = object;
    }
    return match;
  }
}
