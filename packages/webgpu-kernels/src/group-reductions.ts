/** WGSL that a program calls, by whether the device has subgroups. */
export type Helper = (subgroups: boolean) => string;

interface Reduction {
  name: string;
  /** WGSL that combines two parts. */
  combine: (p: string, q: string) => string;
  /** The built-in function that combines those of a subgroup. */
  ofSubgroup: string;
}

/** In log₂ THREADS steps through workgroup memory, each behind a barrier. */
const byHalves = ({ name, combine }: Reduction): string => `
fn ${name}(thread: u32, part: f32) -> f32 {
  ${name}Parts[thread] = part;
  workgroupBarrier();
  for (var step = THREADS / 2u; step > 0u; step /= 2u) {
    if (thread < step) { ${name}Parts[thread] = ${combine(`${name}Parts[thread]`, `${name}Parts[thread + step]`)}; }
    workgroupBarrier();
  }
  let total = ${name}Parts[0];
  workgroupBarrier();
  return total;
}
`;

/**
 * Within each subgroup, then across them: two barriers however many threads. How large subgroups are, whether all are of one size and
 * which threads they are made of is the device's affair: each adds up what the first threads of all have left, dealt out among its own.
 */
const bySubgroups = ({ name, combine, ofSubgroup }: Reduction): string => `
var<workgroup> ${name}Total: f32;
fn ${name}(thread: u32, part: f32) -> f32 {
  let own = ${ofSubgroup}(part);
  ${name}Parts[thread] = select(0.0, own, subgroupElect());
  let lanes = subgroupAdd(1u);
  let lane = subgroupExclusiveAdd(1u);
  workgroupBarrier();
  var share = 0.0;
  for (var at = lane; at < THREADS; at += lanes) { share = ${combine('share', `${name}Parts[at]`)}; }
  let total = ${ofSubgroup}(share);
  // One value for all, so that symmetric matrices stay so in every bit.
  if (thread == 0u) { ${name}Total = total; }
  workgroupBarrier();
  return ${name}Total;
}
`;

const reduction =
  (of: Reduction): Helper =>
  (subgroups) =>
    `var<workgroup> ${of.name}Parts: array<f32, THREADS>;${subgroups ? bySubgroups(of) : byHalves(of)}`;

/** `fn groupSum(thread, part) -> f32`: the sum of all threads' parts, in each of them. The number of threads is a power of 2. */
export const groupSum = reduction({ name: 'groupSum', combine: (p, q) => `${p} + ${q}`, ofSubgroup: 'subgroupAdd' });

/** `fn groupMax(thread, part) -> f32`: the largest of all threads' parts, none of which is negative. */
export const groupMax = reduction({
  name: 'groupMax',
  combine: (p, q) => `max(${p}, ${q})`,
  ofSubgroup: 'subgroupMax',
});
