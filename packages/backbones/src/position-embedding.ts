import { checkArgument } from '@covpool/base';
import {
  type LayerConfig,
  type LayerShape,
  NamedLayer,
  onlyInput,
  onlyShape,
  registerLayer,
  type StateEntry,
} from '@covpool/core';
import { add, type serialization, type Tensor, tidy } from '@tensorflow/tfjs-core';
import type { LayerVariable } from '@tensorflow/tfjs-layers';
import { sinusoids } from './sinusoids.ts';

export interface PositionEmbeddingConfig extends LayerConfig {
  /** How many tokens there are. */
  tokens: number;
  /** Whether the table is trained, or the fixed one of `sinusoids`. */
  trained: boolean;
}

/** Adds a table [1,N,C] to tokens [B,N,C], so that they know where they stand. The layer's name is the weight's: `pos_embed`. */
export class PositionEmbedding extends NamedLayer {
  static className = 'covpool/backbones/PositionEmbedding';
  private readonly options: { tokens: number; trained: boolean };
  private table!: LayerVariable;

  constructor(config: PositionEmbeddingConfig) {
    super(config);
    this.options = { tokens: config.tokens, trained: config.trained };
  }

  override build(inputShape: LayerShape | LayerShape[]): void {
    const channels = onlyShape(inputShape)[2];
    const { tokens, trained } = this.options;
    checkArgument(
      typeof channels === 'number',
      () => `${this.name}: tokens must be [B,N,C] with known C, got [${inputShape}]`,
    );
    const values = trained
      ? ({ kind: 'normal', deviation: 0.02 } as const)
      : ({ kind: 'values', values: sinusoids(tokens, channels) } as const);
    this.table = this.addNamedWeight('table', [1, tokens, channels], values, { trainable: trained });
    this.built = true;
  }

  override call(inputs: Tensor | Tensor[]): Tensor {
    const x = onlyInput(inputs);
    const { tokens } = this.options;
    checkArgument(
      x.shape[1] === tokens,
      () =>
        `${this.name}: ${tokens} tokens are required, got ${x.shape[1]}; ` +
        'give pictures of the size that the network is made for',
    );
    return tidy(() => add(x, this.table.read()));
  }

  override stateEntries(): StateEntry[] {
    return super.stateEntries().map((entry) => ({ ...entry, name: this.name }));
  }

  override getConfig(): serialization.ConfigDict {
    return { ...super.getConfig(), ...this.options };
  }
}

registerLayer(PositionEmbedding);
