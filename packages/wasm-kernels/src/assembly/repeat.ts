/** Copies each of `blocks` blocks of bytes `times` times, one after the other; the copies double what is there. */
export function repeatBlocks(from: usize, to: usize, blocks: i32, bytes: usize, times: i32): void {
  const row = bytes * <usize>times;
  for (let block = 0; block < blocks; ++block) {
    memory.copy(to, from, bytes);
    for (let done = bytes; done < row; done <<= 1) memory.copy(to + done, to, min(done, row - done));
    from += bytes;
    to += row;
  }
}
