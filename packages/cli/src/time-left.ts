/** Estimates the seconds that the rest of a work takes, at its pace since the first call; both arguments are in one unit of work. */
export function timeLeft(now: () => number = () => performance.now()): (done: number, rest: number) => number {
  let start: { time: number; done: number } | undefined;
  return (done, rest) => {
    start ??= { time: now(), done };
    const pace = (now() - start.time) / 1000 / (done - start.done);
    return pace * rest;
  };
}
