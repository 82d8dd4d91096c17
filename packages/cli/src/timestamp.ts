/** A moment as a part of a file name: `20260102-030405`, local time. */
export function timestamp(moment = new Date()): string {
  const two = (value: number) => String(value).padStart(2, '0');
  const date = [moment.getFullYear(), moment.getMonth() + 1, moment.getDate()].map(two).join('');
  return `${date}-${[moment.getHours(), moment.getMinutes(), moment.getSeconds()].map(two).join('')}`;
}
