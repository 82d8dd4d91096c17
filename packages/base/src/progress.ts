/** Where a long job reports how far it is. A terminal, a log file and a test each implement it. */
export interface Progress {
  /** Something happened that is worth a line of its own. */
  line(text: string): void;
  /** The state of the running job, replaced by the next call; `done` of `total` units, with a few named values. */
  update(state: ProgressState): void;
  /** The running job ended; what `update` showed is cleared. */
  end(): void;
}

export interface ProgressState {
  label: string;
  done: number;
  total: number;
  /** Shown after the bar in this order, already formatted: `{loss: '1.234'}`. */
  values?: Record<string, string>;
}

/** Reports nothing. */
export const silentProgress: Progress = { line() {}, update() {}, end() {} };
