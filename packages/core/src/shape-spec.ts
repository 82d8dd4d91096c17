/** How networks learn about each other's feature maps without importing each other. */
export interface ShapeSpec {
  channels: number;
  /** Input pixels per position of the feature map, along each side. */
  stride: number;
}
