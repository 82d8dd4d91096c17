import type { Progress, ProgressState } from '@covpool/base';
import colours from 'picocolors';

/** The part of a stream that progress needs. */
export interface ProgressStream {
  isTTY?: boolean;
  columns?: number;
  write: (text: string) => unknown;
}

const REDRAW_MS = 100;
const CLEAR = '\r\u001b[K';
const BAR_WIDTH = 20;

/**
 * Progress for people. On a terminal, one live line at the bottom, redrawn at most ten times a second and never wider
 * than the window; elsewhere only the lines.
 */
export function terminalProgress(stream: ProgressStream, now: () => number = () => performance.now()): Progress {
  let drawnAt = Number.NEGATIVE_INFINITY;
  let shown = '';
  const live = stream.isTTY === true;
  const draw = (text: string) => {
    shown = text;
    stream.write(CLEAR + text);
  };
  return {
    line(text) {
      if (shown) stream.write(`${CLEAR}${text}\n${shown}`);
      else stream.write(`${text}\n`);
    },
    update(state) {
      if (!live || now() - drawnAt < REDRAW_MS) return;
      drawnAt = now();
      draw(liveLine(state, stream.columns ?? 80));
    },
    end() {
      if (shown) draw('');
      drawnAt = Number.NEGATIVE_INFINITY;
    },
  };
}

/** The live line: as many of the values, from the first, as fit beside label and bar. */
export function liveLine({ label, done, total, values = {} }: ProgressState, columns: number): string {
  // A full last column makes some terminals wrap.
  const room = Math.max(columns - 1, 0);
  const count = `${done}/${total}`;
  const parts: { text: string; paint: (text: string) => string }[] = [
    { text: label, paint: colours.bold },
    { text: bar(total > 0 ? done / total : 0), paint: colours.cyan },
    { text: count, paint: plain },
    ...Object.entries(values).map(([name, value]) => ({ text: `${name} ${value}`, paint: plain })),
  ];
  let width = 0;
  const fitting: string[] = [];
  for (const { text, paint } of parts) {
    const needed = text.length + (fitting.length > 0 ? 2 : 0);
    if (width + needed > room) {
      if (fitting.length === 0) return text.slice(0, room);
      break;
    }
    width += needed;
    fitting.push(paint(text));
  }
  return fitting.join('  ');
}

const plain = (text: string): string => text;

function bar(share: number): string {
  const filled = Math.round(Math.min(Math.max(share, 0), 1) * BAR_WIDTH);
  return '━'.repeat(filled) + '╌'.repeat(BAR_WIDTH - filled);
}
