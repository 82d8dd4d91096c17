/** The name of a resampling filter, as in PIL's `Image.Resampling`. */
export type ResizeFilter = 'box' | 'bilinear' | 'bicubic' | 'lanczos';

interface Kernel {
  /** Half of the width outside which the kernel is 0, in output pixels when enlarging, in input pixels times scale else. */
  support: number;
  at(x: number): number;
}

function bicubic(x: number): number {
  const a = -0.5;
  const t = Math.abs(x);
  if (t < 1) return ((a + 2) * t - (a + 3)) * t * t + 1;
  if (t < 2) return (((t - 5) * t + 8) * t - 4) * a;
  return 0;
}

function sinc(x: number): number {
  if (x === 0) return 1;
  const t = x * Math.PI;
  return Math.sin(t) / t;
}

/** Kernels in PIL's form, down to the order of operations and which end of an interval is closed. */
export const resizeKernels: Record<ResizeFilter, Kernel> = {
  box: { support: 0.5, at: (x) => (x > -0.5 && x <= 0.5 ? 1 : 0) },
  bilinear: { support: 1, at: (x) => Math.max(0, 1 - Math.abs(x)) },
  bicubic: { support: 2, at: bicubic },
  lanczos: { support: 3, at: (x) => (x >= -3 && x < 3 ? sinc(x) * sinc(x / 3) : 0) },
};
