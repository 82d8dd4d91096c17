import { joinRanks } from '@covpool/trainers/node';
import { trainDetector, type TrainJob } from './train-job.ts';

/** What a thread of a data-parallel training runs: the same as rank 0, in silence. */
const { communicator, data } = joinRanks<TrainJob>();
await trainDetector(data, communicator);
