import type { Format } from '../engines/engine.ts';

export interface FormatDescription {
  readonly title: string;
  readonly mediaType: string;
  /** Without the dot, lower case; the first names an output file. */
  readonly extensions: readonly [string, ...string[]];
  /** Plain text without a signature: only here does the file's name decide between formats. */
  readonly text: boolean;
}

const ooxml = 'application/vnd.openxmlformats-officedocument';
const oasis = 'application/vnd.oasis.opendocument';

const text = (
  title: string,
  mediaType: string,
  ...extensions: [string, ...string[]]
): FormatDescription => ({ title, mediaType, extensions, text: true });

const binary = (
  title: string,
  mediaType: string,
  ...extensions: [string, ...string[]]
): FormatDescription => ({ title, mediaType, extensions, text: false });

export const formats: Readonly<Record<Format, FormatDescription>> = {
  csv: text('CSV', 'text/csv', 'csv', 'tsv', 'tab'),
  json: text('JSON', 'application/json', 'json'),
  ndjson: text('newline-delimited JSON', 'application/x-ndjson', 'ndjson', 'jsonl'),
  xml: text('XML', 'application/xml', 'xml'),
  yaml: text('YAML', 'application/yaml', 'yaml', 'yml'),
  parquet: binary('Parquet', 'application/vnd.apache.parquet', 'parquet', 'pq'),

  xlsx: binary('Excel workbook', `${ooxml}.spreadsheetml.sheet`, 'xlsx'),
  xlsm: binary(
    'Excel workbook with macros',
    'application/vnd.ms-excel.sheet.macroEnabled.12',
    'xlsm',
  ),
  xlsb: binary(
    'binary Excel workbook',
    'application/vnd.ms-excel.sheet.binary.macroEnabled.12',
    'xlsb',
  ),
  xls: binary('Excel 97 workbook', 'application/vnd.ms-excel', 'xls'),
  ods: binary('OpenDocument spreadsheet', `${oasis}.spreadsheet`, 'ods'),

  docx: binary('Word document', `${ooxml}.wordprocessingml.document`, 'docx'),
  doc: binary('Word 97 document', 'application/msword', 'doc'),
  odt: binary('OpenDocument text', `${oasis}.text`, 'odt'),
  rtf: binary('RTF document', 'application/rtf', 'rtf'),
  pptx: binary('PowerPoint presentation', `${ooxml}.presentationml.presentation`, 'pptx'),
  ppt: binary('PowerPoint 97 presentation', 'application/vnd.ms-powerpoint', 'ppt'),
  odp: binary('OpenDocument presentation', `${oasis}.presentation`, 'odp'),

  md: text('Markdown', 'text/markdown', 'md', 'markdown', 'mdown', 'mkd'),
  html: text('HTML', 'text/html', 'html', 'htm', 'xhtml'),
  txt: text('plain text', 'text/plain', 'txt', 'text', 'log'),
  pdf: binary('PDF', 'application/pdf', 'pdf'),
  zip: binary('ZIP archive', 'application/zip', 'zip'),

  png: binary('PNG image', 'image/png', 'png'),
  jpeg: binary('JPEG image', 'image/jpeg', 'jpg', 'jpeg', 'jpe', 'jfif'),
  webp: binary('WebP image', 'image/webp', 'webp'),
  avif: binary('AVIF image', 'image/avif', 'avif'),
  tiff: binary('TIFF image', 'image/tiff', 'tiff', 'tif'),
  gif: binary('GIF image', 'image/gif', 'gif'),
  svg: binary('SVG image', 'image/svg+xml', 'svg'),
  heic: binary('HEIC image', 'image/heic', 'heic', 'heif'),

  mp3: binary('MP3 audio', 'audio/mpeg', 'mp3'),
  wav: binary('WAV audio', 'audio/wav', 'wav'),
  flac: binary('FLAC audio', 'audio/flac', 'flac'),
  ogg: binary('Ogg audio', 'audio/ogg', 'ogg', 'oga', 'opus'),
  m4a: binary('MPEG-4 audio', 'audio/mp4', 'm4a'),
  aac: binary('AAC audio', 'audio/aac', 'aac'),
  mp4: binary('MP4 video', 'video/mp4', 'mp4', 'm4v'),
  webm: binary('WebM video', 'video/webm', 'webm'),
  mov: binary('QuickTime video', 'video/quicktime', 'mov'),
  mkv: binary('Matroska video', 'video/matroska', 'mkv'),
  avi: binary('AVI video', 'video/vnd.avi', 'avi'),
};

export const formatNames = Object.keys(formats) as readonly Format[];

const formatByName: ReadonlyMap<string, Format> = new Map(
  formatNames.flatMap((format) =>
    [format, ...formats[format].extensions].map((name) => [name, format] as const),
  ),
);

/** Other names under which file signatures are known. */
const mediaTypeAliases: Readonly<Record<string, Format>> = {
  'image/apng': 'png',
  'image/heif': 'heic',
  'image/heic-sequence': 'heic',
  'audio/x-m4a': 'm4a',
  'audio/ogg; codecs=opus': 'ogg',
  'video/x-m4v': 'mp4',
};

const formatByMediaType: ReadonlyMap<string, Format> = new Map([
  ...formatNames.map((format) => [formats[format].mediaType, format] as const),
  ...Object.entries<Format>(mediaTypeAliases),
]);

/** The format that a media type, as file signatures are named by, stands for, or null. */
export function formatOfMediaType(mediaType: string): Format | null {
  return formatByMediaType.get(mediaType) ?? null;
}

/** The format that a name or an extension (`CSV`, `.htm`, `markdown`) stands for, or null. */
export function parseFormat(name: string): Format | null {
  return formatByName.get(name.trim().toLowerCase().replace(/^\./u, '')) ?? null;
}

/** A file name's extension: lower case, without the dot; empty where there is none. */
export function extensionOf(filename: string): string {
  const dot = filename.lastIndexOf('.');
  const slash = Math.max(filename.lastIndexOf('/'), filename.lastIndexOf('\\'));
  return dot > slash ? filename.slice(dot + 1).toLowerCase() : '';
}
