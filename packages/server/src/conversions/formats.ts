import type { Format } from './engines/engine.ts';

export interface FormatDescription {
  readonly title: string;
  readonly mediaType: string;
  /** Without the dot, lower case; the first names an output file. */
  readonly extensions: readonly [string, ...string[]];
  /** Plain text without a signature: only here does the file's name decide between formats. */
  readonly text: boolean;
}

const ooxml = 'application/vnd.openxmlformats-officedocument';

export const formats: Readonly<Record<Format, FormatDescription>> = {
  csv: { title: 'CSV', mediaType: 'text/csv', extensions: ['csv', 'tsv', 'tab'], text: true },
  json: {
    title: 'JSON',
    mediaType: 'application/json',
    extensions: ['json', 'ndjson', 'jsonl'],
    text: true,
  },
  xlsx: {
    title: 'Excel workbook',
    mediaType: `${ooxml}.spreadsheetml.sheet`,
    extensions: ['xlsx'],
    text: false,
  },
  xlsm: {
    title: 'Excel workbook with macros',
    mediaType: 'application/vnd.ms-excel.sheet.macroEnabled.12',
    extensions: ['xlsm'],
    text: false,
  },
  md: {
    title: 'Markdown',
    mediaType: 'text/markdown',
    extensions: ['md', 'markdown', 'mdown', 'mkd'],
    text: true,
  },
  html: { title: 'HTML', mediaType: 'text/html', extensions: ['html', 'htm', 'xhtml'], text: true },
  docx: {
    title: 'Word document',
    mediaType: `${ooxml}.wordprocessingml.document`,
    extensions: ['docx'],
    text: false,
  },
  pdf: { title: 'PDF', mediaType: 'application/pdf', extensions: ['pdf'], text: false },
  zip: { title: 'ZIP archive', mediaType: 'application/zip', extensions: ['zip'], text: false },
};

export const formatNames = Object.keys(formats) as readonly Format[];

const formatByName: ReadonlyMap<string, Format> = new Map(
  formatNames.flatMap((format) =>
    [format, ...formats[format].extensions].map((name) => [name, format] as const),
  ),
);

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
