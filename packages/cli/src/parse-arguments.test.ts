import { describe, expect, it } from 'vitest';
import { parseArguments } from './parse-arguments.ts';

const specs = {
  epochs: { type: 'number', summary: '' },
  out: { type: 'string', short: 'o', value: 'folder', summary: '' },
  set: { type: 'string', multiple: true, summary: '' },
  quick: { type: 'boolean', summary: '' },
  checkpoint: { type: 'string', choices: ['last', 'best'], summary: '' },
  top: { type: 'number', least: 1, summary: '' },
} as const;

const parse = (...argv: string[]) => parseArguments('train', argv, specs);

describe('parseArguments', () => {
  it('reads every way of writing an option', () => {
    const { options, positionals } = parse(
      'a.jpg',
      '--epochs=3',
      '-o',
      'x',
      '--set',
      'a=1',
      '--set',
      'b=2',
      '--quick',
      'b',
    );
    expect(options).toEqual({ epochs: 3, out: 'x', set: ['a=1', 'b=2'], quick: true });
    expect(positionals).toEqual(['a.jpg', 'b']);
    expect(parse('--no-quick').options).toEqual({ quick: false });
    expect(parse('--epochs', '-1', '--', '--quick')).toEqual({ options: { epochs: -1 }, positionals: ['--quick'] });
    expect(parse('--epochs', '1e-4').options.epochs).toBe(1e-4);
    expect(parse('--checkpoint', 'best', '--top', '1').options).toEqual({ checkpoint: 'best', top: 1 });
  });

  it.each([
    [['--epohcs', '3'], "train: unknown option '--epohcs'; did you mean '--epochs'?"],
    [['--nonsense'], "train: unknown option '--nonsense'; --help lists what exists"],
    [['-x'], "train: unknown option '-x'; --help lists what exists"],
    [['--no-epochs'], "train: unknown option '--no-epochs'; did you mean '--epochs'?"],
    [['--epochs', 'ten'], "train: --epochs must be a number, got 'ten'"],
    [['--epochs'], 'train: --epochs needs a value (number)'],
    [['--out', '--quick'], 'train: --out needs a value (folder)'],
    [['--out='], 'train: --out needs a value (folder)'],
    [['--quick=yes'], "train: --quick takes no value, got 'yes'"],
    [['--checkpoint', 'first'], "train: --checkpoint must be last or best, got 'first'"],
    [['--top', '0'], 'train: --top must be a whole number from 1, got 0'],
    [['--top', '1.5'], 'train: --top must be a whole number from 1, got 1.5'],
    [['--epochs', '1', '--epochs', '2'], 'train: --epochs is given more than once'],
  ])('refuses %j', (argv, message) => {
    expect(() => parse(...argv)).toThrow(expect.objectContaining({ code: 'bad-argument', message }));
  });
});
