export { writeFileAtomic } from './atomic-write.ts';
export { startThread } from './start-thread.ts';
