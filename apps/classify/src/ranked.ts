/** Probabilities of logits. */
export function softmax(logits: Float32Array): number[] {
  const most = logits.reduce((a, b) => Math.max(a, b), Number.NEGATIVE_INFINITY);
  const powers = Array.from(logits, (z) => Math.exp(z - most));
  const total = powers.reduce((a, b) => a + b, 0);
  return powers.map((power) => power / total);
}

/** Classes by probability, the most probable first. */
export function ranked(logits: Float32Array, classes: readonly string[]): { label: string; probability: number }[] {
  return softmax(logits)
    .map((probability, i) => ({ label: classes[i]!, probability }))
    .sort((p, q) => q.probability - p.probability);
}
