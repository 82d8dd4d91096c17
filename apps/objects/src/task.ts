import { fileURLToPath } from 'node:url';

/** What differs between the two command lines. */
export interface Task {
  name: 'detect' | 'segment';
  /** Whether objects have masks, which then are what is scored first. */
  masks: boolean;
  detector: string;
  /** The pictures that ship with the repository. */
  data: string;
  /** The trained network that ships with it. */
  model: string;
  size: { long: number; short: number };
}

const repository = new URL('../../../', import.meta.url);
const inRepository = (path: string) => fileURLToPath(new URL(path, repository));

/** The folder of the repository. */
export const repositoryFolder = fileURLToPath(repository);

export const tasks: Record<Task['name'], Task> = {
  detect: {
    name: 'detect',
    masks: false,
    detector: 'faster-rcnn-small',
    data: inRepository('data/blood-cells'),
    model: inRepository('models/blood-cells'),
    size: { long: 320, short: 240 },
  },
  segment: {
    name: 'segment',
    masks: true,
    detector: 'mask-rcnn-small',
    data: inRepository('data/nuclei'),
    model: inRepository('models/nuclei'),
    size: { long: 400, short: 256 },
  },
};
