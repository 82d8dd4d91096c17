/**
 * `v ← momentum·v + (g + decay·w)`, `w ← w − rate·v`, each product and sum rounded by itself as separate operations round
 * them. The results may take the places of what they are computed from.
 */
export function sgdStep(
  weight: usize,
  gradient: usize,
  velocity: usize,
  toWeight: usize,
  toVelocity: usize,
  count: i32,
  rate: f32,
  momentum: f32,
  decay: f32,
): void {
  const rates = f32x4.splat(rate);
  const momenta = f32x4.splat(momentum);
  const decays = f32x4.splat(decay);
  const bytes = (<usize>count) << 2;
  let at: usize = 0;
  for (; at + 16 <= bytes; at += 16) {
    const w = v128.load(weight + at);
    const slope = f32x4.add(v128.load(gradient + at), f32x4.mul(w, decays));
    const v = f32x4.add(f32x4.mul(v128.load(velocity + at), momenta), slope);
    v128.store(toVelocity + at, v);
    v128.store(toWeight + at, f32x4.sub(w, f32x4.mul(v, rates)));
  }
  for (; at < bytes; at += 4) {
    const w = load<f32>(weight + at);
    const v = load<f32>(velocity + at) * momentum + (load<f32>(gradient + at) + w * decay);
    store<f32>(toVelocity + at, v);
    store<f32>(toWeight + at, w - v * rate);
  }
}
