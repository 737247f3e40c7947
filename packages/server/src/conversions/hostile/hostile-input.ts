import { buffer } from 'node:stream/consumers';
import { ZipFile } from 'yazl';

/** Where a hostile document tries to reach: a server that counts its callers, a file of the host. */
export interface Bait {
  /** Without a slash at the end: `http://127.0.0.1:4711`. */
  readonly origin: string;
  readonly port: number;
  /** A file that everybody may read and no output may show. */
  readonly secretPath: string;
}

/** One document that means harm, or is broken in a way that has done harm. */
export interface HostileInput {
  /** What it tries. */
  readonly name: string;
  readonly filename: string;
  bytes(bait: Bait): Buffer | Promise<Buffer>;
  /** What a request may be answered with. Absent: any clear refusal, and nothing else. */
  readonly outcome?: 'refused' | 'either';
  /** The request's `from`, where the content alone does not tell. */
  readonly from?: string;
}

/** Packs parts into a ZIP, deflated. */
export async function zipOf(
  parts: Readonly<Record<string, string | Buffer>>,
  change: (zip: ZipFile) => void = () => undefined,
): Promise<Buffer> {
  const zip = new ZipFile();
  for (const [name, content] of Object.entries(parts)) {
    // Each compressed entry costs a quarter of a megabyte of zlib's memory until the end.
    const compress = name !== 'mimetype' && content.length > 0;
    zip.addBuffer(Buffer.from(content as string), name, { compress });
  }
  change(zip);
  zip.end();
  return buffer(zip.outputStream);
}

/**
 * A ZIP whose directory tells its first entry `count` times, in the form for more than 65,535 entries
 * (APPNOTE 4.3.14): made in no time, where writing so many would take seconds.
 */
export function crowd(zip: Buffer, count: number): Buffer {
  const start = zip.indexOf('PK\u0001\u0002', 0, 'latin1');
  const end = zip.indexOf('PK\u0005\u0006', 0, 'latin1');
  const second = zip.indexOf('PK\u0001\u0002', start + 4, 'latin1');
  const first = zip.subarray(start, second === -1 ? end : second);
  const more = Buffer.alloc(first.length * count, first);
  const directory = Buffer.concat([zip.subarray(start, end), more]);
  const own = zip.readUInt16LE(end + 10);
  const tail = Buffer.alloc(56 + 20 + 22);
  tail.write('PK\u0006\u0006', 'latin1');
  tail.writeBigUInt64LE(44n, 4);
  for (const at of [24, 32]) tail.writeBigUInt64LE(BigInt(own + count), at);
  tail.writeBigUInt64LE(BigInt(directory.length), 40);
  tail.writeBigUInt64LE(BigInt(start), 48);
  tail.write('PK\u0006\u0007', 56, 'latin1');
  tail.writeBigUInt64LE(BigInt(start + directory.length), 64);
  tail.writeUInt32LE(1, 72);
  tail.write('PK\u0005\u0006', 76, 'latin1');
  tail.fill(0xff, 84, 96);
  return Buffer.concat([zip.subarray(0, start), directory, tail]);
}

/** Entities that would become 10^`levels` words if anybody replaced them. */
export function billionLaughs(root: string, levels = 9): string {
  const entities = Array.from({ length: levels }, (_, level) => {
    const inner = level === 0 ? 'laugh' : `&l${level - 1};`.repeat(10);
    return `<!ENTITY l${level} "${inner}">`;
  });
  return `<!DOCTYPE ${root} [${entities.join('')}]>`;
}

/** A document type whose entity `bait` is the secret file, and one that is fetched. */
export function externalEntities(root: string, { origin, secretPath }: Bait): string {
  return (
    `<!DOCTYPE ${root} PUBLIC "-//x//x" "${origin}/dtd" [<!ENTITY bait SYSTEM "file://${secretPath}">` +
    `<!ENTITY % far SYSTEM "${origin}/entity">%far;<!ENTITY far SYSTEM "${origin}/general">]>`
  );
}

/** Bytes that are no pattern, the same each time. */
export function noise(length: number, seed = 1): Buffer {
  const bytes = Buffer.alloc(length);
  let state = seed;
  for (let at = 0; at < length; at++) {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    bytes[at] = state >>> 24;
  }
  return bytes;
}

/** Every `step`-th byte from `start` on changed: a container that a fuzzer went over. */
export function damage(bytes: Buffer, start: number, step: number): Buffer {
  const damaged = Buffer.from(bytes);
  for (let at = start; at < damaged.length; at += step) damaged[at] = (damaged[at] ?? 0) ^ 0x5a;
  return damaged;
}
