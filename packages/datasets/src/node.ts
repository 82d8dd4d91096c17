export { cifar } from './cifar.ts';
export type { CifarOptions } from './cifar.ts';
export { decodePicture } from './decode-picture.ts';
export { imageFolder } from './image-folder.ts';
export type { ImageFolderOptions } from './image-folder.ts';
export { createLoader } from './node-loader.ts';
export type { NodeLoaderOptions } from './node-loader.ts';
export type { PictureSource, SourceDataset } from './picture-source.ts';
