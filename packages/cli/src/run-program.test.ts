import { CovpoolError } from '@covpool/base';
import { describe, expect, it } from 'vitest';
import { captureProgram } from './capture-program.ts';
import { defineCommand, type Program } from './command.ts';
import { PartialFailure } from './partial-failure.ts';

const command = defineCommand({
  summary: 'does things',
  positionals: { name: '[picture...]', summary: 'what to look at' },
  options: { fail: { type: 'string', summary: 'throws' }, epochs: { type: 'number', summary: 'n', fallback: '3' } },
  examples: [{ command: 'go --epochs 2', does: 'goes' }],
  async run({ options, positionals, print }) {
    if (options.fail === 'plain') throw new Error('broke\n  badly');
    if (options.fail === 'part') throw new PartialFailure('bad-input', 'go: one of two', [1, null]);
    if (options.fail) throw new CovpoolError(options.fail as 'io', 'go: it cannot go');
    print('went');
    return { epochs: options.epochs ?? 3, positionals };
  },
});
const other = defineCommand({ summary: 'takes nothing', options: {}, examples: [], run: async () => null });
const program: Program = {
  name: 'demo',
  call: 'run demo',
  summary: 'shows',
  defaultVerb: 'go',
  verbs: {
    go: { summary: command.summary, load: async () => command },
    other: { summary: other.summary, load: async () => other },
  },
};

const run = (...argv: string[]) => captureProgram(program, argv);

describe('runProgram', () => {
  it('runs the default verb, and what a package runner put before its options', async () => {
    expect(await run()).toEqual({ code: 0, out: 'went\n', error: '' });
    expect(await run('--', '--epochs', '2')).toMatchObject({ code: 0, out: 'went\n' });
  });

  it('prints one JSON value and nothing else for machines', async () => {
    const { out, error } = await run('go', 'a.jpg', '--json');
    expect(JSON.parse(out)).toEqual({ epochs: 3, positionals: ['a.jpg'] });
    expect(error).toBe('');
    const failed = await run('go', '--fail', 'io', '--json');
    expect(JSON.parse(failed.out)).toEqual({ error: { code: 'io', message: 'go: it cannot go' } });
    const partial = await run('go', '--fail', 'part', '--json');
    expect(partial).toMatchObject({ code: 2, error: 'error: go: one of two\n' });
    expect(JSON.parse(partial.out)).toEqual([1, null]);
  });

  it.each([
    ['bad-argument', 2],
    ['bad-input', 2],
    ['unsupported', 2],
    ['interrupted', 130],
    ['io', 1],
    ['non-finite', 1],
  ])('ends with the exit code of %s', async (kind, code) => {
    expect(await run('go', '--fail', kind)).toEqual({ code, out: '', error: 'error: go: it cannot go\n' });
  });

  it('keeps an unexpected error to one line, and shows its stack when asked', async () => {
    expect(await run('go', '--fail', 'plain')).toEqual({ code: 1, out: '', error: 'error: broke badly\n' });
    expect((await run('go', '--fail', 'plain', '--verbose')).error).toMatch(/\n\s+at /);
  });

  it('refuses unknown verbs and arguments that nobody takes', async () => {
    expect(await run('oter')).toMatchObject({ code: 2, error: "error: unknown verb 'oter'; did you mean 'other'?\n" });
    expect((await run('xyzzy')).error).toContain('known: go, other');
    expect(await run('other', 'x')).toMatchObject({ code: 2 });
  });

  it('helps: verbs, options, examples and exit codes', async () => {
    const { out, code } = await run('--help');
    expect(code).toBe(0);
    for (const part of ['run demo <verb> --help', 'takes nothing', '130 interrupted']) expect(out).toContain(part);
    const verb = (await run('go', '--help')).out;
    for (const part of [
      '[picture...]',
      '--epochs <n>',
      '(default: 3)',
      'run demo go --epochs 2',
      '130 interrupted',
      '--json',
    ]) {
      expect(verb).toContain(part);
    }
  });
});
