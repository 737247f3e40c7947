import { open } from 'node:fs/promises';
import { fileTypeFromBuffer } from 'file-type';
import { AppError } from '../../errors.ts';
import { inspectCompoundFile, inspectZip } from './detect-container.ts';
import type { Container, ReadAt, WholeFile } from './detect-container.ts';
import { decodeHead, sniffText } from './detect-text.ts';
import type { Format } from '../engines/engine.ts';
import {
  extensionOf,
  formatNames,
  formatOfMediaType,
  formats,
  parseFormat,
} from '../registry/formats.ts';

/** This many first bytes are enough for `detectFormat`. */
export const headBytes = 4100;

export interface Detected {
  readonly format: Format | null;
  readonly mediaType: string;
  /** Text without a signature: `format` is then only what the file's name suggests. */
  readonly text: boolean;
  readonly encrypted?: true;
}

export interface DetectInput {
  /** The first bytes of the file (`headBytes`, or all of a smaller one). */
  readonly head: Buffer;
  readonly filename: string;
  /** The whole file; without it a container is judged by its first bytes. */
  readonly path?: string;
  readonly bytes?: Buffer;
}

const emptyMediaType = 'application/x-empty';
const unknownMediaType = 'application/octet-stream';
const zipMagics = [Buffer.from('PK\u0003\u0004'), Buffer.from('PK\u0005\u0006')];
const compoundMagic = Buffer.from('d0cf11e0a1b11ae1', 'hex');

/**
 * Finds out what a file is. Content decides; the name is a hint only among the text formats, which
 * have no signature. Containers are opened, within bounds, to see what is in them.
 */
export async function detectFormat(input: DetectInput): Promise<Detected> {
  const { head, filename } = input;
  if (head.length === 0) return { format: null, mediaType: emptyMediaType, text: false };
  if (zipMagics.some((magic) => startsWith(head, magic))) return detectZip(input);
  if (startsWith(head, compoundMagic)) return detectCompoundFile(input);
  const encoding = sniffText(head);
  // Few signatures are text. UTF-8 skips the parser of binary signatures, which would cost more
  // than a small conversion.
  const binary = encoding === null || encoding === 'single-byte' ? await detectBinary(head) : null;
  if (encoding === null || (binary && binary.mediaType !== unknownMediaType)) {
    return binary ?? { format: null, mediaType: unknownMediaType, text: false };
  }
  const text = decodeHead(head, encoding);
  return detectBySignature(text) ?? detectByName(text, filename);
}

function startsWith(head: Buffer, magic: Buffer): boolean {
  return head.length >= magic.length && head.compare(magic, 0, magic.length, 0, magic.length) === 0;
}

function wholeFile(input: DetectInput): WholeFile {
  return input.path === undefined ? { bytes: input.bytes ?? input.head } : { path: input.path };
}

async function detectZip(input: DetectInput): Promise<Detected> {
  const container = (await inspectZip(wholeFile(input))) ?? guessDamagedZip(input);
  return { ...container, text: false };
}

/** A damaged document is still a document: its engine then says what is wrong with it. */
function guessDamagedZip({ head, filename }: DetectInput): Container {
  const named = parseFormat(extensionOf(filename));
  const folder = named && partFolders[named];
  const marked = folder && (head.includes('[Content_Types].xml') || head.includes(folder));
  if (named && marked) return { format: named, mediaType: formats[named].mediaType };
  return { format: null, mediaType: formats.zip.mediaType };
}

/** Where the parts of an Office document lie in its archive. */
const partFolders: Partial<Record<Format, string>> = {
  xlsx: 'xl/',
  xlsm: 'xl/',
  xlsb: 'xl/',
  docx: 'word/',
  pptx: 'ppt/',
};

async function detectCompoundFile(input: DetectInput): Promise<Detected> {
  const container = await withReader(wholeFile(input), inspectCompoundFile);
  if (container.encrypted !== true) return { ...container, text: false };
  const named = parseFormat(extensionOf(input.filename));
  const office = named !== null && partFolders[named] !== undefined;
  return { ...container, format: office ? named : null, text: false };
}

async function withReader<T>(file: WholeFile, use: (readAt: ReadAt) => Promise<T>): Promise<T> {
  if ('bytes' in file) {
    return use(async (offset, length) => file.bytes.subarray(offset, offset + length));
  }
  await using handle = await open(file.path);
  return await use(async (offset, length) => {
    const buffer = Buffer.alloc(length);
    const { bytesRead } = await handle.read(buffer, 0, length, offset);
    return buffer.subarray(0, bytesRead);
  });
}

async function detectBinary(head: Buffer): Promise<Detected> {
  const mediaType = await fileTypeFromBuffer(head)
    .then((found) => found?.mime ?? unknownMediaType)
    .catch(() => unknownMediaType);
  return { format: formatOfMediaType(mediaType), mediaType, text: false };
}

/** Signatures that are text, at the very start; white space may come before the markup ones. */
const textSignatures: readonly (readonly [RegExp, Format | null, string])[] = [
  [/^%PDF-/u, 'pdf', formats.pdf.mediaType],
  [/^\{\\rtf/u, 'rtf', formats.rtf.mediaType],
  [/^%!PS-/u, null, 'application/postscript'],
  [/^\s*<(?:!doctype\s+html|html)[\s>]/iu, 'html', formats.html.mediaType],
  [/^\s*<\?xml\s[^>]{0,200}>\s*(?:<!doctype\s+html|<html)[\s>]/iu, 'html', formats.html.mediaType],
  [/^\s*(?:<\?xml\s[^>]{0,200}>\s*)?<svg[\s>]/iu, 'svg', formats.svg.mediaType],
  [/^\s*<\?xml\s/iu, 'xml', formats.xml.mediaType],
];

function detectBySignature(text: string): Detected | null {
  const first = text.charCodeAt(0);
  const letter = first <= 0x20 ? text.charCodeAt(text.search(/\S/u)) : first;
  if (letter !== 0x25 && letter !== 0x3c && letter !== 0x7b) return null;
  const found = textSignatures.find(([pattern]) => pattern.test(text));
  return found ? { format: found[1], mediaType: found[2], text: false } : null;
}

function detectByName(text: string, filename: string): Detected {
  const extension = extensionOf(filename);
  const named = parseFormat(extension);
  if (named !== null && named !== 'txt' && formats[named].text) {
    return { format: named, mediaType: formats[named].mediaType, text: true };
  }
  const nameless = named === 'txt' || extension === '';
  if (nameless && /^\s*(?:\{\s*["}]|\[\s*[[{"\]\d-])/u.test(text)) {
    return { format: 'json', mediaType: formats.json.mediaType, text: true };
  }
  return { format: named === 'txt' ? 'txt' : null, mediaType: formats.txt.mediaType, text: true };
}

export interface SourceInput {
  /** The request's `from`, where it has one. */
  readonly declaredFrom?: string | undefined;
  readonly detected: Detected;
  readonly filename: string;
}

/**
 * Settles which format a file is read as: what the content says, or, for text, what the request
 * says and else the name.
 *
 * @throws AppError `document_invalid` for an empty file, `document_encrypted`, `unsupported_format`
 * where the content is unknown or is not what `from` says, `unsupported_conversion` where `from` is
 * no format that we know.
 */
export function resolveSource({ declaredFrom, detected, filename }: SourceInput): Format {
  const declared = declaredFrom === undefined ? null : parseFormat(declaredFrom);
  if (declaredFrom !== undefined && declared === null) {
    throw new AppError(
      'unsupported_conversion',
      `There is no format named in "from": it must be one of ${formatNames.join(', ')}.`,
      { details: { supported_targets: [] } },
    );
  }
  if (detected.mediaType === emptyMediaType) {
    throw new AppError('document_invalid', 'The file is empty.');
  }
  if (detected.encrypted === true) {
    throw new AppError(
      'document_encrypted',
      'The document is password-protected; remove the password and try again.',
    );
  }
  const format = declared ?? detected.format;
  const agrees =
    format !== null && (format === detected.format || (detected.text && formats[format].text));
  if (agrees) return format;
  throw new AppError('unsupported_format', contradiction(declared, detected, filename), {
    details: { detected: detected.mediaType },
  });
}

function contradiction(declared: Format | null, detected: Detected, filename: string): string {
  const is = `The content is ${detected.mediaType}`;
  if (declared !== null) return `${is}, which is not ${formats[declared].title} ("from").`;
  if (detected.text) {
    const names = formatNames.filter((name) => formats[name].text).join(', ');
    return `${is} and the file's name does not tell which text format: set "from" (${names}).`;
  }
  const named = parseFormat(extensionOf(filename));
  const instead = named === null ? '' : `, although the name says ${formats[named].title}`;
  return `${is}${instead}, which is not a format that we read.`;
}
