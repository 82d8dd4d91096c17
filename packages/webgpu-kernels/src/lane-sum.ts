/**
 * `fn laneSum(thread, part) -> f32`: the sum of the parts of all threads of the same lane, `thread % LANES`, in each of them. All
 * threads must call it; THREADS and LANES are powers of 2.
 */
export const LANE_SUM = `
var<workgroup> laneParts: array<f32, THREADS>;
fn laneSum(thread: u32, part: f32) -> f32 {
  laneParts[thread] = part;
  workgroupBarrier();
  for (var step = THREADS / 2u; step >= LANES; step /= 2u) {
    if (thread < step) { laneParts[thread] += laneParts[thread + step]; }
    workgroupBarrier();
  }
  let total = laneParts[thread % LANES];
  workgroupBarrier();
  return total;
}
`;
