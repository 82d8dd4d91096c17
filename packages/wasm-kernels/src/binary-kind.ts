/** With relaxed SIMD's fused multiply-add, or with plain SIMD only. */
export type BinaryKind = 'relaxed' | 'plain';
