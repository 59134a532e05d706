import { pipeline } from 'node:stream';
import { promisify } from 'node:util';
import * as zlib from 'node:zlib';
import { ByteStream } from './byte-stream.ts';

/** How an answer's bytes are packed. Nobody is asked to, but a request that does not speak of it allows it. */
export type ContentCoding = keyof typeof CODINGS;

// A body may be an error's beginning, or cut off: what can be unpacked of it is.
const WHATEVER_COMES = { finishFlush: zlib.constants.Z_SYNC_FLUSH };
const CODINGS = {
  gzip: {
    whole: promisify<Buffer, zlib.ZlibOptions, Buffer>(zlib.gunzip),
    stream: () => zlib.createGunzip(WHATEVER_COMES),
  },
  deflate: {
    whole: promisify<Buffer, zlib.ZlibOptions, Buffer>(zlib.inflate),
    stream: () => zlib.createInflate(WHATEVER_COMES),
  },
  br: {
    whole: promisify<Buffer, zlib.BrotliOptions, Buffer>(zlib.brotliDecompress),
    stream: () => zlib.createBrotliDecompress(),
  },
} as const;

/** The coding that a `content-encoding` names: null for none, undefined for one that cannot be unpacked here. */
export function codingOf(header: string | undefined): ContentCoding | null | undefined {
  if (header === undefined) return null;
  const name = header.trim().toLowerCase();
  if (name === '' || name === 'identity') return null;
  if (name === 'x-gzip') return 'gzip';
  return Object.hasOwn(CODINGS, name) ? (name as ContentCoding) : undefined;
}

export const unknownCoding = (header: string | undefined) =>
  new Error(`the answer is packed as ${String(header).slice(0, 40)}, which cannot be unpacked`);

/** Unpacks a whole body; rejects when it is none, or is larger than `most` bytes unpacked. `isCut`: its end may be missing. */
export function unpack(body: Buffer, coding: ContentCoding, most: number, isCut: boolean): Promise<Buffer> {
  const limits = { maxOutputLength: most };
  if (coding === 'br') return CODINGS.br.whole(body, limits);
  return CODINGS[coding].whole(body, isCut ? { ...limits, ...WHATEVER_COMES } : limits);
}

/** Unpacks a body as it comes; it is read no faster than what comes out is. */
export function unpacked(packed: ByteStream, coding: ContentCoding): ByteStream {
  const decoder = CODINGS[coding].stream();
  const plain = new ByteStream(
    () => decoder.resume(),
    () => {
      packed.destroy();
      decoder.destroy();
    },
  );
  decoder.on('data', (chunk: Buffer) => {
    if (!plain.push(chunk)) decoder.pause();
  });
  decoder.on('end', () => plain.end());
  pipeline(packed, decoder, (error) => {
    if (error) plain.fail(error);
  });
  return plain;
}
