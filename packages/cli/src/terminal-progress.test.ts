import { stripVTControlCharacters as strip } from 'node:util';
import { describe, expect, it } from 'vitest';
import { liveLine, terminalProgress } from './terminal-progress.ts';

const state = {
  label: 'isqrt 3/15',
  done: 5,
  total: 64,
  values: { loss: '1.234', 'top-1': '55.1 %', left: '2:10 min' },
};

function recorder(isTTY: boolean, columns = 80) {
  const writes: string[] = [];
  return { writes, stream: { isTTY, columns, write: (text: string) => writes.push(text) } };
}

describe('terminalProgress', () => {
  it('redraws at most ten times a second', () => {
    const { writes, stream } = recorder(true);
    let time = 0;
    const progress = terminalProgress(stream, () => time);
    for (time = 0; time < 1000; time += 7) progress.update({ ...state, done: time });
    expect(writes.length).toBeLessThanOrEqual(10);
    expect(writes.length).toBeGreaterThan(8);
  });

  it('prints a line above the live one, and clears that at the end', () => {
    const { writes, stream } = recorder(true);
    const progress = terminalProgress(stream, () => 0);
    progress.update(state);
    progress.line('epoch 3 done');
    const [, line] = writes;
    expect(line!.startsWith('\r\u001b[Kepoch 3 done\n')).toBe(true);
    expect(strip(line!.split('\n')[1]!)).toContain('isqrt 3/15');
    progress.end();
    expect(writes.at(-1)).toBe('\r\u001b[K');
    progress.line('table');
    expect(writes.at(-1)).toBe('table\n');
  });

  it('writes nothing but lines where there is no terminal', () => {
    const { writes, stream } = recorder(false);
    const progress = terminalProgress(stream);
    progress.update(state);
    progress.line('epoch 3 done');
    progress.end();
    expect(writes).toEqual(['epoch 3 done\n']);
  });
});

describe('liveLine', () => {
  it('is never as wide as the window, and drops the last values first', () => {
    for (let columns = 0; columns < 120; columns++) {
      expect(strip(liveLine(state, columns)).length).toBeLessThanOrEqual(Math.max(columns - 1, 0));
    }
    expect(strip(liveLine(state, 120))).toMatch(
      /^isqrt 3\/15 {2}━+╌+ {2}5\/64 {2}loss 1\.234 {2}top-1 55\.1 % {2}left 2:10 min$/,
    );
    expect(strip(liveLine(state, 60))).toMatch(/loss 1\.234$/);
  });

  it('stands a total of nothing', () => {
    expect(strip(liveLine({ label: 'x', done: 0, total: 0 }, 80))).toContain('0/0');
  });
});
