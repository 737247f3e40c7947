import { execFile } from 'node:child_process';
import { open, readFile, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { Availability, Engine, EngineResult, EngineTask, Warning } from '../engine.ts';
import { checkDocument } from './check/check-document.ts';
import type { Parts } from './check/check-package.ts';
import { findInstallation, type Installation } from './installation.ts';
import { officeFormat, officeKinds, type OfficeFormat } from './kinds.ts';
import { makeDocx, paragraph, table } from './make-docx.ts';
import { exportSettings, pageChange, readOptions } from './options.ts';
import { checkPackageWritten, checkPdf, newerFormat, officePairs } from './pairs.ts';
import { convertPages } from './pdf-pages.ts';
import { warnOfReplacedFonts } from './replaced-fonts.ts';
import { WarmOffice } from './warm-office.ts';

const execute = promisify(execFile);

const probeTimeoutMs = 10_000;

/**
 * LibreOffice as installed on the machine, with the machine's fonts: a process kept warm, to which
 * we speak UNO's remote protocol. Some 20 ms for a page, where `soffice --convert-to` starts for a
 * second and more. Runs in a child process only, of which each has a LibreOffice of its own.
 *
 * @param programFolder the operator's own, where it is looked for first
 */
export function officeNativeEngine(
  programFolder: string | null,
): Engine & { warmUp(): Promise<void> } {
  const office = new WarmOffice(programFolder);
  return {
    name: 'libreoffice',
    pairs: officePairs,
    timeoutMs: 120_000,
    memoryBytesMax: 1.5 * 2 ** 30,
    probe: () => probeInstallation(findInstallation(programFolder)),
    // The first document costs far more than the next ones.
    warmUp: async () => {
      const inputPath = join(tmpdir(), 'warm.docx');
      await writeFile(inputPath, await makeDocx(paragraph('warm') + table([['up']])));
      const outputPath = join(tmpdir(), 'warm.pdf');
      const { filter } = officeKinds.docx;
      await office.convert({
        inputPath,
        inputFilter: filter,
        outputPath,
        outputFilter: 'writer_pdf_Export',
        settings: {},
        pages: null,
      });
    },
    run: (task) => run(office, task),
  };
}

async function probeInstallation(installation: Installation | null): Promise<Availability> {
  if (installation === null) {
    const reason = 'LibreOffice with Writer, Calc and Impress is not installed';
    return { available: false, reason };
  }
  const { path, environment } = installation;
  const env = { ...environment, HOME: tmpdir() };
  try {
    const { stdout } = await execute(path, ['--version'], { timeout: probeTimeoutMs, env });
    if (stdout.startsWith('LibreOffice')) return { available: true };
    return { available: false, reason: `${path} --version says nothing of LibreOffice` };
  } catch (error) {
    return { available: false, reason: `${path} does not start: ${String(error)}` };
  }
}

async function run(office: WarmOffice, task: EngineTask): Promise<EngineResult> {
  const format = officeFormat(task.from);
  const parts = await checkDocument(task.inputPath, format);
  task.progress(10, 'converting');
  const warnings =
    task.to === 'pdf'
      ? await toPdf(office, task, format, parts)
      : await toNewer(office, task, format);
  task.progress(100, 'converting');
  return { format: task.to, warnings };
}

async function toNewer(
  office: WarmOffice,
  task: EngineTask,
  format: OfficeFormat,
): Promise<Warning[]> {
  await office.convert({
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

async function toPdf(
  office: WarmOffice,
  task: EngineTask,
  format: OfficeFormat,
  parts: Parts,
): Promise<Warning[]> {
  const { filter, program } = officeKinds[format];
  const pdf = await convertPages(readOptions(task.options), async (options) => {
    await office.convert({
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
