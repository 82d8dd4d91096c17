import { CovpoolError } from '@covpool/base';

/** Six bits a character, five of them digits, from '0' on. */
const FIRST = 48;
const DIGITS = 5;
const MORE = 0x20;
/** Seven groups of five bits hold the difference of any two runs. */
const MOST_GROUPS = 7;

/**
 * COCO's string of run lengths. From the fourth run on it is the difference to the run before the last that is written, five bits a
 * character, lowest first, with the sign in the last.
 */
export function encodeCounts(counts: Uint32Array): string {
  const characters: string[] = [];
  for (let i = 0; i < counts.length; i++) {
    let rest = counts[i]! - (i > 2 ? counts[i - 2]! : 0);
    for (let more = true; more; ) {
      const digits = rest & 0x1f;
      rest >>= DIGITS;
      more = digits & 0x10 ? rest !== -1 : rest !== 0;
      characters.push(String.fromCharCode(FIRST + (more ? digits | MORE : digits)));
    }
  }
  return characters.join('');
}

/** The run lengths of COCO's string; `bad-input` if it is none, or if a run is not in 0…most. */
export function decodeCounts(who: string, text: string, most: number): Uint32Array {
  const counts = new Uint32Array(text.length);
  let length = 0;
  for (let at = 0; at < text.length; ) {
    let value = 0;
    let scale = 1;
    for (let group = 0, more = true; more; group++) {
      const code = text.charCodeAt(at) - FIRST;
      if (!(code >= 0 && code < 64) || group === MOST_GROUPS) throw damaged(who, text, at);
      at++;
      value += (code & 0x1f) * scale;
      scale *= 32;
      more = (code & MORE) !== 0;
      if (!more && code & 0x10) value -= scale;
    }
    if (length > 2) value += counts[length - 2]!;
    if (value < 0 || value > most) {
      throw new CovpoolError('bad-input', `${who}: run ${length} of the string must be in 0…${most}, got ${value}`);
    }
    counts[length++] = value;
  }
  return counts.slice(0, length);
}

function damaged(who: string, text: string, at: number): CovpoolError {
  const required = 'a string of run lengths must have whole groups of at most 7 characters from "0" to "o"';
  const got = at < text.length ? `${JSON.stringify(text[at])} at ${at}` : 'its end within a group';
  return new CovpoolError('bad-input', `${who}: ${required}, got ${got}`);
}
