import { readFileSync } from 'node:fs';

/** A line of what Linux says of this process, in MB; NaN elsewhere. */
function status(field: 'VmRSS' | 'VmHWM'): number {
  try {
    const text = readFileSync('/proc/self/status', 'utf8');
    return Number(new RegExp(`${field}:\\s+(\\d+)`).exec(text)![1]) / 1024;
  } catch {
    return Number.NaN;
  }
}

/** What the process holds in memory now. */
export const residentMegabytes = (): number => status('VmRSS');

/** The most that it ever held, above what it held at some time. */
export const peakAbove = (before: number): number => status('VmHWM') - before;
