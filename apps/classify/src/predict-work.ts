import { userPath } from '@covpool/cli';
import { createTransform, normalize } from '@covpool/datasets';
import { decodePicture } from '@covpool/datasets/node';
import { Random } from '@covpool/base';
import { useEngine } from '@covpool/engines';
import { type Tensor, tensor4d, tidy } from '@tensorflow/tfjs-core';
import { loadClassifier } from './classifier.ts';
import { evaluationTransforms } from './input.ts';
import { ranked } from './ranked.ts';

export interface Prediction {
  picture: string;
  /** All classes, the most probable first; absent if the picture cannot be read. */
  predictions?: { label: string; probability: number }[];
  error?: unknown;
}

/** What a trained network says about picture files, one after the other; a file that cannot be read holds up no other. */
export async function* predictPictures(
  folder: string,
  pictures: string[],
  engine: string | undefined,
): AsyncGenerator<Prediction> {
  await useEngine(engine);
  const { model, card } = await loadClassifier(folder);
  const { size, mean, std } = card.input;
  const transform = createTransform(evaluationTransforms(card.input));
  for (const picture of pictures) {
    try {
      const cut = transform(await decodePicture(userPath(picture), picture), new Random('unused'));
      const values = normalize(cut, mean, std);
      const output = tidy(() => model.apply(tensor4d(values, [1, size, size, 3])) as Tensor);
      const logits = await output.data<'float32'>();
      output.dispose();
      yield { picture, predictions: ranked(logits, card.classes) };
    } catch (error) {
      yield { picture, error };
    }
  }
}
