import { checkArgument } from '@covpool/base';
import { matMul, reshape, type Tensor2D, type Tensor3D, type Tensor4D, tensor3d, tidy } from '@tensorflow/tfjs-core';

/**
 * Of each row's deltas, four for every class, those of one class. The gradient is that of a product with zeros and ones.
 *
 * @param deltas [N,4·K], the classes one after the other
 * @param classes N indices of outputs in [0, K)
 * @returns [N,4]
 */
export function deltasOfClass(deltas: Tensor2D, classes: Int32Array): Tensor2D {
  const [rows, width] = deltas.shape;
  return tidy(() => {
    const chosen = chosenClass('deltasOfClass', classes, rows, width / 4);
    const separate: Tensor3D = reshape(deltas, [rows, width / 4, 4]);
    return reshape(matMul(chosen, separate), [rows, 4]);
  });
}

/**
 * Of each box's maps, one for every class, that of one class.
 *
 * @param maps [N,H,W,K]
 * @param classes N indices of outputs in [0, K)
 * @returns [N,H,W]
 */
export function mapsOfClass(maps: Tensor4D, classes: Int32Array): Tensor3D {
  const [count, height, width, outputs] = maps.shape;
  return tidy(() => {
    const chosen = chosenClass('mapsOfClass', classes, count, outputs);
    const pixels: Tensor3D = reshape(maps, [count, height * width, outputs]);
    return reshape(matMul(pixels, chosen, false, true), [count, height, width]);
  });
}

/** [N,1,K]: 1 at each row's class. */
function chosenClass(who: string, classes: Int32Array, rows: number, outputs: number): Tensor3D {
  checkArgument(
    classes.length === rows && Number.isInteger(outputs) && classes.every((c) => c >= 0 && c < outputs),
    () => `${who}: one class in [0, ${outputs}) for each of ${rows} rows is required, got [${classes.slice(0, 8)}]`,
  );
  const values = new Float32Array(rows * outputs);
  classes.forEach((c, row) => (values[row * outputs + c] = 1));
  return tensor3d(values, [rows, 1, outputs]);
}
