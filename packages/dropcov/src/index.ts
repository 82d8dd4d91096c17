export { adaptiveDropRate } from './adaptive-drop-rate.ts';
export { channelDropout } from './channel-dropout.ts';
export { channelImportance } from './channel-importance.ts';
export { dropCov } from './drop-cov.ts';
export type { DropCovOptions } from './drop-cov.ts';
