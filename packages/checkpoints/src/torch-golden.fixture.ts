import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect } from 'vitest';
import { bytesPerElement, type Dtype, type TensorData } from './tensor-data.ts';

export const goldenPath = (name: string): string => fileURLToPath(new URL(`goldens/torch/${name}`, import.meta.url));

export const golden = (name: string): Uint8Array => new Uint8Array(readFileSync(goldenPath(name)));

interface Described {
  dtype: Dtype;
  shape: number[];
  values: number[];
}

export const expectedFiles = (
  JSON.parse(readFileSync(goldenPath('expected.json'), 'utf8')) as {
    files: Record<string, Record<string, Described>>;
  }
).files;

/** Exactly these tensors, in this order. */
export function expectTensors(tensors: Map<string, TensorData>, expected: Record<string, Described>): void {
  expect([...tensors.keys()]).toEqual(Object.keys(expected));
  for (const [name, { dtype, shape, values }] of Object.entries(expected)) {
    const tensor = tensors.get(name)!;
    expect([name, tensor.dtype, tensor.shape]).toEqual([name, dtype, shape]);
    expect([name, ...numbers(tensor)]).toEqual([name, ...values]);
  }
}

/** The elements, exactly. */
export function numbers({ dtype, data }: TensorData): number[] {
  const view = new DataView(data.buffer, data.byteOffset, data.byteLength);
  const read: Partial<Record<Dtype, (at: number) => number>> = {
    F64: (at) => view.getFloat64(at, true),
    F32: (at) => view.getFloat32(at, true),
    I64: (at) => Number(view.getBigInt64(at, true)),
    I32: (at) => view.getInt32(at, true),
    I16: (at) => view.getInt16(at, true),
    I8: (at) => view.getInt8(at),
    U8: (at) => view.getUint8(at),
    BOOL: (at) => view.getUint8(at),
  };
  const width = bytesPerElement[dtype];
  return Array.from({ length: data.byteLength / width }, (_, i) => read[dtype]!(i * width));
}
