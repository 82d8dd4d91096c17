const numeric = /^[-+~≈<>\s]*[\d.,]+(e[-+]?\d+)?( ± [\d.]+)?\s?(%|ms|s|min|M|k|B)?$|^[—–-]$/i;

/**
 * Rows of text as aligned columns; a column whose every cell is a number stands right.
 *
 * ```ts
 * table(['head', 'top-1'], [['gap', '69.1'], ['isqrt', '70.6']]);
 * ```
 */
export function table(header: string[], rows: string[][]): string {
  const cells = [header, ...rows];
  const widths = header.map((_, column) => Math.max(...cells.map((row) => row[column]?.length ?? 0)));
  const right = header.map((_, column) => rows.length > 0 && rows.every((row) => numeric.test(row[column] ?? '—')));
  const format = (row: string[]) =>
    widths
      .map((width, column) => {
        const cell = row[column] ?? '';
        return right[column] ? cell.padStart(width) : cell.padEnd(width);
      })
      .join('  ')
      .trimEnd();
  return [format(header), widths.map((width) => '─'.repeat(width)).join('  '), ...rows.map(format)].join('\n');
}
