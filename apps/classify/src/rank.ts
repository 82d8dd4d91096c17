import { joinRanks } from '@covpool/trainers/node';
import { trainJobs, type TrainPlan } from './train-jobs.ts';

/** What a thread of a data-parallel training runs: the same as rank 0, in silence. */
const { communicator, data } = joinRanks<TrainPlan>();
await trainJobs(data, communicator);
