import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';

import { ZipFile } from 'yazl';

import type { EngineResult, Format } from '../engine.ts';
import { xlsxEngine } from './engine.ts';

/** A sheet of a test workbook: the rows are the XML inside `sheetData`. */
export interface TestSheet {
  readonly name?: string;
  readonly rows?: string;
  readonly dimension?: string;
  readonly state?: 'hidden' | 'veryHidden';
  /** The whole part, in place of the rows. */
  readonly xml?: string | Buffer;
}

export interface TestWorkbook {
  readonly sheets: readonly TestSheet[];
  /** Inner XML of each `si`. */
  readonly strings?: readonly string[];
  /** One cell style for each format code. */
  readonly formats?: readonly string[];
  readonly date1904?: boolean;
  readonly strict?: boolean;
  /** Further parts, or replacements. */
  readonly parts?: Readonly<Record<string, string | Buffer>>;
}

const declaration = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n';
const main = 'http://schemas.openxmlformats.org/spreadsheetml/2006/main';
const transitional = 'http://schemas.openxmlformats.org/officeDocument/2006/relationships';
const strictRelationships = 'http://purl.oclc.org/ooxml/officeDocument/relationships';

/** Packs parts into a zip. */
export async function zipOf(parts: Readonly<Record<string, string | Buffer>>): Promise<Buffer> {
  const zip = new ZipFile();
  for (const [name, content] of Object.entries(parts)) zip.addBuffer(Buffer.from(content), name);
  zip.end();
  return buffer(zip.outputStream);
}

/** Makes a small workbook. */
export async function workbookOf(workbook: TestWorkbook): Promise<Buffer> {
  const { sheets, strings, formats, date1904, strict, parts } = workbook;
  const relationships = strict === true ? strictRelationships : transitional;
  const targets = sheets.map((_, index) => ['worksheet', `worksheets/sheet${index + 1}.xml`]);
  if (strings !== undefined) targets.push(['sharedStrings', 'sharedStrings.xml']);
  if (formats !== undefined) targets.push(['styles', 'styles.xml']);
  const relationshipsPart = (entries: readonly (readonly string[])[]) =>
    `${declaration}<Relationships>${entries
      .map(([kind, target], index) => relationshipXml(index, `${relationships}/${kind}`, target))
      .join('')}</Relationships>`;
  return zipOf({
    '_rels/.rels': relationshipsPart([['officeDocument', 'xl/workbook.xml']]),
    'xl/workbook.xml':
      `${declaration}<workbook xmlns="${main}" xmlns:r="${relationships}">` +
      `<workbookPr date1904="${date1904 === true ? 1 : 0}"/><sheets>` +
      `${sheets.map(sheetEntryXml).join('')}</sheets></workbook>`,
    'xl/_rels/workbook.xml.rels': relationshipsPart(targets),
    ...Object.fromEntries(sheets.map((sheet, index) => sheetPart(sheet, index))),
    ...(strings === undefined ? {} : { 'xl/sharedStrings.xml': stringsXml(strings) }),
    ...(formats === undefined ? {} : { 'xl/styles.xml': stylesXml(formats) }),
    ...parts,
  });
}

function relationshipXml(index: number, type: string, target: string | undefined): string {
  return `<Relationship Id="rId${index + 1}" Type="${type}" Target="${target ?? ''}"/>`;
}

function sheetEntryXml({ name, state }: TestSheet, index: number): string {
  const stateXml = state === undefined ? '' : ` state="${state}"`;
  const shown = name ?? `Sheet${index + 1}`;
  return `<sheet name="${shown}" sheetId="${index + 1}"${stateXml} r:id="rId${index + 1}"/>`;
}

function sheetPart(sheet: TestSheet, index: number): [string, string | Buffer] {
  const { dimension, rows, xml } = sheet;
  const dimensionXml = dimension === undefined ? '' : `<dimension ref="${dimension}"/>`;
  const content =
    xml ??
    `${declaration}<worksheet xmlns="${main}">${dimensionXml}` +
      `<sheetData>${rows ?? ''}</sheetData></worksheet>`;
  return [`xl/worksheets/sheet${index + 1}.xml`, content];
}

function stringsXml(strings: readonly string[]): string {
  return `${declaration}<sst>${strings.map((inner) => `<si>${inner}</si>`).join('')}</sst>`;
}

function stylesXml(formats: readonly string[]): string {
  const codes = formats.map(
    (code, index) => `<numFmt numFmtId="${200 + index}" formatCode="${escapeXml(code)}"/>`,
  );
  const styles = formats.map((_, index) => `<xf numFmtId="${200 + index}"/>`);
  return (
    `${declaration}<styleSheet><numFmts>${codes.join('')}</numFmts>` +
    `<cellXfs>${styles.join('')}</cellXfs></styleSheet>`
  );
}

function escapeXml(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('"', '&quot;');
}

export interface TestConversion extends EngineResult {
  readonly bytes: Buffer;
  readonly text: string;
  readonly progress: readonly number[];
}

/** Runs the engine on bytes, in a folder of its own. */
export async function convert(
  input: Buffer,
  options: Record<string, unknown> = {},
  signal: AbortSignal = new AbortController().signal,
  to: Format = 'csv',
): Promise<TestConversion> {
  const workDir = mkdtempSync(join(tmpdir(), 'xlsx-test-'));
  const [inputPath, outputPath] = [join(workDir, 'input'), join(workDir, 'output')];
  const progress: number[] = [];
  try {
    writeFileSync(inputPath, input);
    const result = await xlsxEngine.run({
      from: 'xlsx',
      to,
      options,
      inputPath,
      outputPath,
      workDir,
      signal,
      progress: (percent) => void progress.push(percent),
    });
    const bytes = readFileSync(outputPath);
    return { ...result, bytes, text: bytes.toString('utf8'), progress };
  } finally {
    rmSync(workDir, { recursive: true });
  }
}
