import { CovpoolError } from '@covpool/base';
import { bytesPerElement, type Dtype, type TensorData } from './tensor-data.ts';

/** The content of a safetensors file. */
export interface Safetensors {
  tensors: Map<string, TensorData>;
  metadata: Record<string, string>;
}

const ALIGNMENT = 8;
/** Hugging Face's own reader refuses longer headers. */
const MOST_HEADER_BYTES = 100_000_000;

const refuse = (what: string): CovpoolError => new CovpoolError('bad-input', `safetensors: ${what}`);

/**
 * Reads the safetensors format: 8 bytes with the length of a JSON header, the header, the tensors' bytes without gaps. The
 * tensors are views of `bytes`. Everything is checked before anything is returned.
 *
 * @throws bad-input saying what is wrong with the file
 */
export function readSafetensors(bytes: Uint8Array): Safetensors {
  if (bytes.byteLength < 8) throw refuse(`a file has at least 8 bytes, got ${bytes.byteLength}`);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const length = view.getBigUint64(0, true);
  if (length > BigInt(MOST_HEADER_BYTES) || length > BigInt(bytes.byteLength - 8)) {
    throw refuse(`the header's length must fit into the file (${bytes.byteLength} bytes), got ${length}`);
  }
  const header = parseHeader(bytes.subarray(8, 8 + Number(length)));
  const body = bytes.subarray(8 + Number(length));
  const metadata: Record<string, string> = {};
  const tensors = new Map<string, TensorData>();
  const extents: [number, number][] = [];
  for (const [name, entry] of Object.entries(header)) {
    if (name === '__metadata__') Object.assign(metadata, checkMetadata(entry));
    else {
      const { dtype, shape, from, to } = checkEntry(name, entry, body.byteLength);
      extents.push([from, to]);
      tensors.set(name, { dtype, shape, data: body.subarray(from, to) });
    }
  }
  checkTiling(extents, body.byteLength);
  return { tensors, metadata };
}

function parseHeader(bytes: Uint8Array): Record<string, unknown> {
  let header: unknown;
  try {
    header = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  } catch (cause) {
    throw new CovpoolError('bad-input', 'safetensors: the header must be JSON, got something else', { cause });
  }
  if (!isRecord(header)) throw refuse('the header must be a JSON object');
  return header;
}

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const isCount = (value: unknown): value is number => Number.isSafeInteger(value) && (value as number) >= 0;

function checkMetadata(entry: unknown): Record<string, string> {
  if (!isRecord(entry) || !Object.values(entry).every((value) => typeof value === 'string')) {
    throw refuse('__metadata__ must hold strings only');
  }
  return entry as Record<string, string>;
}

function checkEntry(name: string, entry: unknown, available: number) {
  const { dtype, shape, data_offsets: offsets } = isRecord(entry) ? entry : {};
  if (typeof dtype !== 'string' || !(dtype in bytesPerElement)) {
    throw refuse(
      `'${name}' must have one of the types ${Object.keys(bytesPerElement).join(', ')}, got ${String(dtype)}`,
    );
  }
  if (!Array.isArray(shape) || !shape.every(isCount)) throw refuse(`'${name}' must have a shape of whole numbers`);
  if (!Array.isArray(offsets) || offsets.length !== 2 || !offsets.every(isCount)) {
    throw refuse(`'${name}' must have two data_offsets`);
  }
  const [from, to] = offsets as [number, number];
  const expected = (shape as number[]).reduce((product, extent) => product * extent, bytesPerElement[dtype as Dtype]);
  if (from > to || to > available || to - from !== expected) {
    throw refuse(`'${name}' must have ${expected} bytes within the file, got offsets ${from} to ${to} of ${available}`);
  }
  return { dtype: dtype as Dtype, shape: shape as number[], from, to };
}

function checkTiling(extents: [number, number][], available: number): void {
  let position = 0;
  for (const [from, to] of extents.sort((p, q) => p[0] - q[0] || p[1] - q[1])) {
    if (from !== position)
      throw refuse(`tensors must follow each other without gaps, got one at ${from} after ${position}`);
    position = to;
  }
  if (position !== available) throw refuse(`the tensors must fill the file, got ${available - position} bytes more`);
}

/** The bytes of a safetensors file, in pieces: header, then each tensor. Tensors stand in the order of the map. */
export function writeSafetensors(
  tensors: Map<string, TensorData>,
  metadata: Record<string, string> = {},
): Uint8Array[] {
  const header: Record<string, unknown> = Object.keys(metadata).length > 0 ? { __metadata__: metadata } : {};
  let position = 0;
  for (const [name, { dtype, shape, data }] of tensors) {
    if (name === '__metadata__') throw refuse("a tensor cannot be named '__metadata__'");
    const expected = shape.reduce((product, extent) => product * extent, bytesPerElement[dtype]);
    if (data.byteLength !== expected) throw refuse(`'${name}' must have ${expected} bytes, got ${data.byteLength}`);
    header[name] = { dtype, shape, data_offsets: [position, position + data.byteLength] };
    position += data.byteLength;
  }
  const json = new TextEncoder().encode(JSON.stringify(header));
  const padded = Math.ceil(json.byteLength / ALIGNMENT) * ALIGNMENT;
  const head = new Uint8Array(8 + padded).fill(0x20);
  new DataView(head.buffer).setBigUint64(0, BigInt(padded), true);
  head.set(json, 8);
  return [head, ...[...tensors.values()].map(({ data }) => data)];
}
