export { adaptiveDropRate } from './adaptive-drop-rate.ts';
export type { DropRateOptions } from './adaptive-drop-rate.ts';
export { channelImportance } from './channel-importance.ts';
export { dropCov } from './drop-cov.ts';
export type { DropCovOptions } from './drop-cov.ts';
export { dropCovPresets } from './presets.ts';
export type { DropCovPreset, DropCovPresetName } from './presets.ts';
