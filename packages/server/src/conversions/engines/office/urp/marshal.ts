/**
 * How values travel in UNO's remote protocol (URP, binaryurp/source/marshal.cxx in LibreOffice):
 * big-endian numbers, lengths of one byte or 0xFF and four. Types, object and thread names may be
 * kept in a cache by the reader; we always send them whole, which the index 0xFFFF says.
 */
const uncached = 0xffff;

/** Type classes of UNO (include/typelib/typeclass.h). */
const typeClasses = {
  void: 0,
  boolean: 2,
  short: 4,
  long: 6,
  string: 12,
  struct: 17,
  exception: 19,
  sequence: 20,
  interface: 22,
} as const;

const propertyType = 'com.sun.star.beans.PropertyValue';

/** A value together with its type, as a property has it. */
export type UnoValue =
  | { readonly boolean: boolean }
  | { readonly short: number }
  | { readonly long: number }
  | { readonly string: string }
  | { readonly properties: Properties };

export type Properties = Readonly<Record<string, UnoValue>>;

/** Gathers the bytes of one message. */
export class MessageWriter {
  readonly #pieces: Buffer[] = [];

  bytes(): Buffer {
    return Buffer.concat(this.#pieces);
  }

  byte(value: number): this {
    this.#pieces.push(Buffer.of(value));
    return this;
  }

  short(value: number): this {
    const piece = Buffer.alloc(2);
    piece.writeUInt16BE(value & 0xffff);
    this.#pieces.push(piece);
    return this;
  }

  long(value: number): this {
    const piece = Buffer.alloc(4);
    piece.writeInt32BE(value);
    this.#pieces.push(piece);
    return this;
  }

  string(value: string): this {
    const piece = Buffer.from(value, 'utf8');
    if (piece.length < 0xff) this.byte(piece.length);
    else this.byte(0xff).long(piece.length);
    this.#pieces.push(piece);
    return this;
  }

  /** An object's name; empty for none. Thread names look the same. */
  name(value: string): this {
    return this.string(value).short(uncached);
  }

  interfaceType(name: string): this {
    return this.#type('interface', name);
  }

  properties(all: Properties): this {
    const entries = Object.entries(all);
    this.byte(entries.length);
    for (const [name, value] of entries) this.string(name).long(-1).any(value).long(0);
    return this;
  }

  any(value: UnoValue): this {
    if ('boolean' in value) return this.#type('boolean').byte(value.boolean ? 1 : 0);
    if ('short' in value) return this.#type('short').short(value.short);
    if ('long' in value) return this.#type('long').long(value.long);
    if ('string' in value) return this.#type('string').string(value.string);
    return this.#type('sequence', `[]${propertyType}`).properties(value.properties);
  }

  #type(kind: keyof typeof typeClasses, name?: string): this {
    if (name === undefined) return this.byte(typeClasses[kind]);
    return this.byte(typeClasses[kind] | 0x80)
      .short(uncached)
      .string(name);
  }
}

/** What the other side has told us to remember, by its index. */
export interface ReaderCaches {
  readonly types: Map<number, string>;
  readonly names: Map<number, string>;
}

/** Reads the few kinds of values that the calls we make are answered with. */
export class MessageReader {
  readonly #bytes: Buffer;
  readonly #caches: ReaderCaches;
  #at = 0;

  constructor(bytes: Buffer, caches: ReaderCaches) {
    this.#bytes = bytes;
    this.#caches = caches;
  }

  byte(): number {
    return this.#bytes.readUInt8(this.#advance(1));
  }

  short(): number {
    return this.#bytes.readUInt16BE(this.#advance(2));
  }

  string(): string {
    const length = this.#length();
    const start = this.#advance(length);
    return this.#bytes.toString('utf8', start, start + length);
  }

  strings(): string[] {
    const count = this.#length();
    return Array.from({ length: count }, () => this.string());
  }

  objectName(): string {
    return this.#cached(this.#caches.names, this.string());
  }

  /** A thread's name is of no use to us: one call is under way at a time. */
  skipThreadName(): void {
    this.string();
    this.short();
  }

  /** The type's class and, for a class of more than one type, its name. */
  type(): { kind: number; name: string } {
    const first = this.byte();
    const kind = first & 0x7f;
    if (kind <= 14) return { kind, name: '' };
    const index = this.short();
    if ((first & 0x80) === 0) return { kind, name: this.#caches.types.get(index) ?? '' };
    const name = this.string();
    if (index !== uncached) this.#caches.types.set(index, name);
    return { kind, name };
  }

  /** An `any` that holds an object, or nothing: then the name is empty. */
  anyObject(): { name: string; type: string } {
    const { kind, name: type } = this.type();
    if (kind === typeClasses.interface) return { name: this.objectName(), type };
    return { name: '', type: '' };
  }

  /** An `any` that holds a number or a truth value. */
  anyNumber(): number {
    const { kind } = this.type();
    if (kind === typeClasses.boolean) return this.byte();
    if (kind === typeClasses.short) return this.short();
    if (kind === typeClasses.long) return this.#bytes.readInt32BE(this.#advance(4));
    throw new Error(`a value of class ${kind} where a number should be`);
  }

  /** An `any` that holds an exception; each begins with its message. */
  exception(): { type: string; message: string } {
    const { name } = this.type();
    return { type: name, message: this.string() };
  }

  #length(): number {
    const short = this.byte();
    return short === 0xff ? this.#bytes.readUInt32BE(this.#advance(4)) : short;
  }

  #cached(cache: Map<number, string>, value: string): string {
    const index = this.short();
    if (value === '') return index === uncached ? '' : (cache.get(index) ?? '');
    if (index !== uncached) cache.set(index, value);
    return value;
  }

  #advance(length: number): number {
    const at = this.#at;
    this.#at += length;
    return at;
  }
}
