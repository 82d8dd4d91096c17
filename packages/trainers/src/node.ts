export { joinRanks, startRanks } from './ranks.ts';
export type { Ranks } from './ranks.ts';
