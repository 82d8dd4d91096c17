import { io } from '@tensorflow/tfjs-core';
import { type LayersModel, loadLayersModel } from '@tensorflow/tfjs-layers';

/** What TensorFlow.js saves of a model, in memory. */
export async function saved(model: LayersModel): Promise<io.ModelArtifacts> {
  let artifacts: io.ModelArtifacts | undefined;
  await model.save(
    io.withSaveHandler(async (given) => {
      artifacts = given;
      return { modelArtifactsInfo: { dateSaved: new Date(0), modelTopologyType: 'JSON' } };
    }),
  );
  return artifacts!;
}

/** A model that was saved and loaded again. */
export const reloaded = async (model: LayersModel): Promise<LayersModel> =>
  loadLayersModel(io.fromMemory(await saved(model)));
