import { resolve } from 'node:path';
import { repositoryFolder, type Task } from './task.ts';

/** The data folder of a training; the shipped networks' cards name theirs relative to the repository. */
export function dataFolder(task: Task, training: { data: string } | undefined): string {
  return training ? resolve(repositoryFolder, training.data) : task.data;
}
