import type { ErrorCode } from './error.ts';
import { deriveSeed } from '@covpool/base';
import { parentPort, workerData } from 'node:worker_threads';

const code: ErrorCode = 'io';
if (workerData === 'fail') throw new Error('thread broke');
parentPort?.postMessage([code, workerData, deriveSeed(1)]);
