/** What a registry says of a method beside how to make it. The feature table of the documentation is made from it. */
export interface MethodEntry {
  /** One line: what it computes. */
  summary: string;
  /** Where it was published. */
  paper: string;
  /** The function behind the layer, as the package's main entry exports it; absent where the layer is all there is. */
  function?: string;
  /** The layer's factory, as the package's `layers` entry exports it. */
  layer: string;
  /**
   * How it is differentiated: `automatic`, by the operations it consists of; `analytic`, by a rule of its own that is the exact
   * derivative; `approximate`, by a published rule that is not.
   */
  gradient: 'automatic' | 'analytic' | 'approximate';
  /**
   * `all`; `host`: those whose memory the processor reads, where it is computed in float64; `host-and-webgpu`: those, and webgpu in
   * float32.
   */
  engines: 'all' | 'host' | 'host-and-webgpu';
}
