import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { open, readFile, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import {
  EngineError,
  type Engine,
  type EngineResult,
  type EngineTask,
  type Warning,
} from '../engine.ts';
import { checkDocument } from './check/check-document.ts';
import type { Parts } from './check/check-package.ts';
import { findInstallation } from './installation.ts';
import { officeFormat, officeKinds, type OfficeFormat } from './kinds.ts';
import { makeDocx, paragraph, table } from './make-docx.ts';
import { exportSettings, pageChange, readOptions } from './options.ts';
import { checkPackageWritten, checkPdf, newerFormat, officePairs, unreadable } from './pairs.ts';
import { convertPages } from './pdf-pages.ts';
import { warnOfReplacedFonts } from './replaced-fonts.ts';
import { Soffice } from './soffice.ts';
import { RemoteException } from './urp/connection.ts';
import type { Conversion } from './urp/office.ts';

const execute = promisify(execFile);

const probeTimeoutMs = 10_000;
/** It is replaced by a fresh one after so many documents, or above so much memory. */
const jobsMax = 200;
const rssBytesMax = 700 * 2 ** 20;

let running: Soffice | null = null;

/**
 * LibreOffice as installed on the machine, with the machine's fonts: a process kept warm, to which
 * we speak UNO's remote protocol. Some 20 ms for a page, where `soffice --convert-to` starts for a
 * second and more. Runs in a child process only, of which each has a LibreOffice of its own.
 */
export const officeNativeEngine: Engine & { warmUp(): Promise<void> } = {
  name: 'libreoffice',
  pairs: officePairs,
  timeoutMs: 120_000,
  memoryBytesMax: 1.5 * 2 ** 30,
  probe: async () => {
    const installation = findInstallation();
    if (installation === null)
      return {
        available: false,
        reason: 'LibreOffice with Writer, Calc and Impress is not installed',
      };
    const { program, environment } = installation;
    const env = { ...environment, HOME: tmpdir() };
    try {
      const { stdout } = await execute(program, ['--version'], { timeout: probeTimeoutMs, env });
      if (stdout.startsWith('LibreOffice')) return { available: true };
      return { available: false, reason: `${program} --version says nothing of LibreOffice` };
    } catch (error) {
      return { available: false, reason: `${program} does not start: ${String(error)}` };
    }
  },
  // The first document costs far more than the next ones.
  warmUp: async () => {
    const inputPath = join(tmpdir(), 'warm.docx');
    await writeFile(inputPath, await makeDocx(paragraph('warm') + table([['up']])));
    const outputPath = join(tmpdir(), 'warm.pdf');
    const { filter } = officeKinds.docx;
    await convert({
      inputPath,
      inputFilter: filter,
      outputPath,
      outputFilter: 'writer_pdf_Export',
      settings: {},
      pages: null,
    });
  },
  run,
};

/** The installation's folders outside /usr, which a child must be shown. */
export function nativeOfficePaths(): string[] {
  const installation = findInstallation();
  if (installation === null) return [];
  return installation.folder.startsWith('/usr') ? [] : [installation.folder];
}

async function run(task: EngineTask): Promise<EngineResult> {
  const format = officeFormat(task.from);
  const parts = await checkDocument(task.inputPath, format);
  task.progress(10, 'converting');
  const warnings =
    task.to === 'pdf' ? await toPdf(task, format, parts) : await toNewer(task, format);
  task.progress(100, 'converting');
  return { format: task.to, warnings };
}

async function toNewer(task: EngineTask, format: OfficeFormat): Promise<Warning[]> {
  await convert({
    inputPath: task.inputPath,
    inputFilter: officeKinds[format].filter,
    outputPath: task.outputPath,
    outputFilter: officeKinds[newerFormat(task)].filter,
    settings: {},
    pages: null,
  });
  const written = await open(task.outputPath);
  try {
    const { buffer } = await written.read(Buffer.alloc(4), 0, 4, 0);
    checkPackageWritten(buffer);
  } finally {
    await written.close();
  }
  return [];
}

async function toPdf(task: EngineTask, format: OfficeFormat, parts: Parts): Promise<Warning[]> {
  const { filter, program } = officeKinds[format];
  const pdf = await convertPages(readOptions(task.options), async (options) => {
    await convert({
      inputPath: task.inputPath,
      inputFilter: filter,
      outputPath: task.outputPath,
      outputFilter: `${program}_pdf_Export`,
      settings: exportSettings(options),
      pages: pageChange(options),
    });
    const written = await readFile(task.outputPath);
    checkPdf(written);
    return written;
  });
  return warnOfReplacedFonts(format, parts, pdf);
}

async function convert(conversion: Conversion): Promise<void> {
  const soffice = await take();
  try {
    const opened = await soffice.office.convert(conversion);
    if (!opened || !existsSync(conversion.outputPath)) throw unreadable();
  } catch (error) {
    if (error instanceof EngineError) throw error;
    // It has thrown and lives: it is the document. Else it fell, and so do we.
    if (!(error instanceof RemoteException)) throw error;
    if (!(await soffice.isWell())) running = null;
    throw unreadable(error);
  }
  soffice.jobs += 1;
  if (soffice.jobs < jobsMax && soffice.rssBytes < rssBytesMax) return;
  running = null;
  await soffice.kill();
}

/** The warm one, if it is well, else a new one. */
async function take(): Promise<Soffice> {
  if (running !== null && !(await running.isWell())) running = null;
  running ??= await Soffice.start();
  return running;
}
