import { damaged, invalid, tooComplex } from './refusals.ts';

const magic = Buffer.from('d0cf11e0a1b11ae1', 'hex');
const lastSector = 0xffff_fffa;
const entryBytes = 128;
const miniSectorBytes = 64;
const streamsMax = 20_000;
/** Every stream is read once to be checked, and some once more for their head. */
const readingsMax = 4;

interface Stream {
  readonly start: number;
  readonly sizeBytes: number;
}

/**
 * A compound file ([MS-CFB]), the container of Office 97, with its allocation checked: every
 * stream's chain of sectors lies in the file, ends, and is as long as the stream.
 */
export class CompoundFile {
  readonly #bytes: Buffer;
  readonly #sectorBytes: number;
  readonly #table: Uint32Array;
  readonly #miniTable: Uint32Array;
  readonly #miniCutoff: number;
  readonly #streams = new Map<string, Stream>();
  #miniStream: Buffer = Buffer.alloc(0);
  #sectorsRead = 0;

  /** @throws EngineError `document_invalid`, `document_too_complex` */
  constructor(bytes: Buffer) {
    if (bytes.length < 512 || !bytes.subarray(0, 8).equals(magic)) {
      throw invalid('The file is not a document of Office 97.');
    }
    this.#bytes = bytes;
    const shift = bytes.readUInt16LE(30);
    if (shift !== 9 && shift !== 12) throw damaged('its sectors have no known size');
    this.#sectorBytes = 2 ** shift;
    this.#miniCutoff = bytes.readUInt32LE(56);
    this.#table = this.#readTable();
    this.#miniTable = asNumbers(this.#readChain(bytes.readUInt32LE(60)));
    this.#readDirectory();
  }

  get names(): Iterable<string> {
    return this.#streams.keys();
  }

  /** The first bytes of a stream; null where there is no such stream. */
  head(name: string, length: number): Buffer | null {
    const stream = this.#streams.get(name);
    return stream ? this.#read(stream).subarray(0, length) : null;
  }

  /** The allocation table is listed in the header (109 sectors of it), then in sectors of their own. */
  #readTable(): Uint32Array {
    const sectors: number[] = [];
    const add = (sector: number) => sector < lastSector && sectors.push(sector);
    for (let at = 76; at < 512; at += 4) add(this.#bytes.readUInt32LE(at));
    let next = this.#bytes.readUInt32LE(68);
    for (let count = 0; next < lastSector; count += 1) {
      if (count > this.#bytes.length / this.#sectorBytes) throw damaged('a list of sectors loops');
      const list = asNumbers(this.#sector(next));
      for (const sector of list.subarray(0, -1)) add(sector);
      next = list.at(-1) ?? lastSector;
    }
    return asNumbers(Buffer.concat(sectors.map((sector) => this.#sector(sector))));
  }

  #readDirectory(): void {
    const directory = this.#readChain(this.#bytes.readUInt32LE(48));
    if (directory.length < entryBytes) throw damaged('it has no directory');
    if (directory.length / entryBytes > streamsMax) throw tooComplex('too many streams');
    for (let at = 0; at + entryBytes <= directory.length; at += entryBytes) {
      const kind = directory[at + 66];
      const stream = {
        start: directory.readUInt32LE(at + 116),
        // The upper half is only used by files of more than 2 GB, which are refused before.
        sizeBytes: directory.readUInt32LE(at + 120),
      };
      if (kind === 5) this.#miniStream = this.#readLarge(stream);
      if (kind !== 2) continue;
      const nameBytes = Math.min(directory.readUInt16LE(at + 64), 64);
      const name = directory.toString('utf16le', at, at + Math.max(0, nameBytes - 2));
      if (!this.#streams.has(name)) this.#streams.set(name, stream);
      this.#read(stream);
    }
  }

  #read(stream: Stream): Buffer {
    if (stream.sizeBytes >= this.#miniCutoff) return this.#readLarge(stream);
    const pieces: Buffer[] = [];
    let sector = stream.start;
    for (let left = stream.sizeBytes; left > 0; left -= miniSectorBytes) {
      const at = sector * miniSectorBytes;
      const piece = this.#miniStream.subarray(at, at + Math.min(left, miniSectorBytes));
      if (piece.length < Math.min(left, miniSectorBytes)) throw damaged('a stream is cut off');
      pieces.push(piece);
      sector = this.#miniTable[sector] ?? lastSector;
    }
    return Buffer.concat(pieces);
  }

  #readLarge({ start, sizeBytes }: Stream): Buffer {
    const bytes = this.#readChain(start, sizeBytes);
    if (bytes.length < sizeBytes) throw damaged('a stream is cut off');
    return bytes.subarray(0, sizeBytes);
  }

  #readChain(start: number, bytesMax = this.#bytes.length): Buffer {
    const pieces: Buffer[] = [];
    const countMax = Math.ceil(bytesMax / this.#sectorBytes);
    for (let sector = start; sector < lastSector && pieces.length <= countMax;) {
      pieces.push(this.#sector(sector));
      sector = this.#table[sector] ?? lastSector;
    }
    return Buffer.concat(pieces);
  }

  /** The last one may be shorter than a sector. */
  #sector(sector: number): Buffer {
    const at = (sector + 1) * this.#sectorBytes;
    // Each belongs to one chain; twenty thousand streams that share theirs would take minutes.
    this.#sectorsRead += 1;
    if (this.#sectorsRead * this.#sectorBytes > readingsMax * this.#bytes.length) {
      throw damaged('its streams overlap');
    }
    if (at >= this.#bytes.length) throw damaged('it is cut off');
    return this.#bytes.subarray(at, at + this.#sectorBytes);
  }
}

function asNumbers(bytes: Buffer): Uint32Array {
  return Uint32Array.from({ length: Math.floor(bytes.length / 4) }, (_, index) =>
    bytes.readUInt32LE(index * 4),
  );
}
