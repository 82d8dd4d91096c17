import { CovpoolError } from '@covpool/base';
import {
  type LayerConfig,
  type LayerShape,
  NamedLayer,
  onlyInput,
  onlyShape,
  type OnnxExportable,
  type OnnxGraph,
  type OnnxValue,
  registerLayer,
} from '@covpool/core';
import {
  matMul,
  reshape,
  type serialization,
  type Tensor,
  tensor3d,
  type Tensor3D,
  tidy,
  transpose,
} from '@tensorflow/tfjs-core';

/**
 * Averages features [B,H,W,C] over the cells of a grid of so many rows and columns and gives the averages channel by channel:
 * PyTorch's `AdaptiveAvgPool2d(cells)` and `flatten`, [B,C·cells²]. Cell i spans ⌊i·H/cells⌋ to ⌈(i+1)·H/cells⌉; a feature map of
 * the grid's size stays as it is.
 */
export class AverageGrid extends NamedLayer implements OnnxExportable {
  static className = 'covpool/backbones/AverageGrid';
  private readonly cells: number;

  constructor(config: LayerConfig & { cells: number }) {
    super(config);
    this.cells = config.cells;
  }

  override computeOutputShape(inputShape: LayerShape | LayerShape[]): LayerShape {
    const [batch = null, , , channels] = onlyShape(inputShape);
    return [batch, channels! * this.cells ** 2];
  }

  override call(inputs: Tensor | Tensor[]): Tensor {
    return tidy(() => {
      const x = onlyInput(inputs);
      const [batch = 0, height = 0, width = 0, channels = 0] = x.shape;
      const positions: Tensor3D = reshape(x, [batch, height * width, channels]);
      const averages = matMul(averagingMatrix(height, width, this.cells), positions);
      return reshape(transpose(averages, [0, 2, 1]), [batch, -1]);
    });
  }

  /** @throws unsupported if the extents are left open */
  toOnnx(graph: OnnxGraph, { name, shape }: OnnxValue): string {
    const [, height = null, width = null, channels = null] = shape;
    if (height === null || width === null) {
      const need = `'${this.name}' needs pictures of a known size; give inputSize`;
      throw new CovpoolError('unsupported', `exportOnnx: ${need}`);
    }
    const { cells } = this;
    if (height === cells && width === cells) return graph.add('Flatten', [name], { axis: 1 });
    const positions = graph.add('Reshape', [name, graph.integers([0, channels!, height * width])]);
    const shares = graph.constant(shareOfCells(height, width, cells), [cells ** 2, height * width]);
    const averages = graph.add('MatMul', [positions, graph.add('Transpose', [shares], { perm: [1, 0] })]);
    return graph.add('Flatten', [averages], { axis: 1 });
  }

  override getConfig(): serialization.ConfigDict {
    return { ...super.getConfig(), cells: this.cells };
  }
}

const averagingMatrix = (height: number, width: number, cells: number): Tensor3D =>
  tensor3d(shareOfCells(height, width, cells), [1, cells ** 2, height * width]);

/** [cells²,H·W]: the share of each position in each cell. */
function shareOfCells(height: number, width: number, cells: number): Float32Array {
  const shares = new Float32Array(cells ** 2 * height * width);
  const [rows, columns] = [spans(height, cells), spans(width, cells)];
  let at = 0;
  for (const [top, bottom] of rows) {
    for (const [left, right] of columns) {
      const share = 1 / ((bottom - top) * (right - left));
      for (let i = top; i < bottom; i++) shares.fill(share, at + i * width + left, at + i * width + right);
      at += height * width;
    }
  }
  return shares;
}

const spans = (extent: number, cells: number): [number, number][] =>
  Array.from({ length: cells }, (_, i) => [Math.floor((i * extent) / cells), Math.ceil(((i + 1) * extent) / cells)]);

registerLayer(AverageGrid);
