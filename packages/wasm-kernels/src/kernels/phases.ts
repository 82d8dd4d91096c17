/** Along one axis: the input pixels start, start + stride, …, which meet only the taps first, first + stride, … */
export interface AxisPhase {
  start: number;
  /** How many input pixels. */
  size: number;
  first: number;
  /** How many taps. */
  taps: number;
  /** Zeros in front of dy for the convolution with the taps in reverse order; negative where dy is cropped. */
  padding: number;
}

/**
 * Input pixel i receives from output pixel o through tap k where i + padding = o·stride + k·dilation. With
 * i = start + stride·t and k = first + stride·j (at stride 1: all taps): o = t + q − j·dilation, q = (start + padding − first)/stride.
 */
export function axisPhases(
  size: number,
  kernel: number,
  stride: number,
  dilation: number,
  padding: number,
): AxisPhase[] {
  return Array.from({ length: Math.min(stride, size) }, (_, start) => {
    const first = (start + padding) % stride;
    const taps = Math.max(0, Math.ceil((kernel - first) / stride));
    const quotient = (start + padding - first) / stride;
    return { start, size: Math.ceil((size - start) / stride), first, taps, padding: (taps - 1) * dilation - quotient };
  });
}
