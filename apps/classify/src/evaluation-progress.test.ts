import type { ProgressState } from '@covpool/base';
import { expect, it } from 'vitest';
import { evaluationProgress } from './evaluation-progress.ts';

function recorded(live: boolean, secondsPerStep: number): { states: ProgressState[]; lines: string[] } {
  const states: ProgressState[] = [];
  const lines: string[] = [];
  const progress = {
    update: (state: ProgressState) => void states.push(state),
    line: (text: string) => void lines.push(text),
    end: () => {},
  };
  let time = 100;
  const onStep = evaluationProgress(1000, { progress, live }, () => time);
  for (let step = 1; step <= 16; step++) {
    time += secondsPerStep;
    onStep(step, 16);
  }
  return { states, lines };
}

it('counts pictures, their speed and the time that is left', () => {
  const { states, lines } = recorded(true, 4);
  expect(states[3]).toEqual({
    label: 'evaluating',
    done: 250,
    total: 1000,
    values: { left: '48 s', 'pictures/s': '15.6' },
  });
  expect(states.at(-1)).toMatchObject({ done: 1000, values: { left: '0 s' } });
  expect(lines).toEqual([]);
});

it('says a line every half a minute where there is no terminal, and none where it is quick', () => {
  expect(recorded(false, 0.5).lines).toEqual([]);
  expect(recorded(false, 20).lines[0]).toBe('evaluating  125 of 1000 pictures  3.1 pictures/s  left 4:40 min');
  expect(recorded(false, 20).lines).toHaveLength(7);
});
