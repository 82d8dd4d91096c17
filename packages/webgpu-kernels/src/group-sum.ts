/** `fn groupSum(thread, part) -> f32`: the sum of all threads' parts, in each of them. The number of threads is a power of 2. */
export const GROUP_SUM = `
var<workgroup> groupParts: array<f32, THREADS>;
fn groupSum(thread: u32, part: f32) -> f32 {
  groupParts[thread] = part;
  workgroupBarrier();
  for (var step = THREADS / 2u; step > 0u; step /= 2u) {
    if (thread < step) { groupParts[thread] += groupParts[thread + step]; }
    workgroupBarrier();
  }
  let total = groupParts[0];
  workgroupBarrier();
  return total;
}
`;
