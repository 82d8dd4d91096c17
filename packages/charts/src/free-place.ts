export interface Place {
  x: number;
  y: number;
  width: number;
  height: number;
}

/** The first of the places that covers none of those that are taken; the first of all where each does. */
export function freePlace(places: readonly [Place, ...Place[]], taken: readonly Place[]): Place {
  return places.find((place) => taken.every((other) => !overlap(place, other))) ?? places[0];
}

function overlap(a: Place, b: Place): boolean {
  return a.x < b.x + b.width && b.x < a.x + a.width && a.y < b.y + b.height && b.y < a.y + a.height;
}
