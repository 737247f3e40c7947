import { execFile } from 'node:child_process';
import { existsSync, realpathSync } from 'node:fs';
import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { tmpdir, homedir } from 'node:os';
import { basename, dirname, extname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import { EngineError, type Engine, type EngineResult, type EngineTask } from '../engine.ts';
import { checkDocx } from './check-docx.ts';
import { makeDocx, paragraph, table } from './make-docx.ts';
import { checkPdf, officePairs } from './pairs.ts';
import { warnOfReplacedFonts } from './replaced-fonts.ts';

const execute = promisify(execFile);

const programs = [
  '/usr/bin/soffice',
  '/usr/local/bin/soffice',
  '/opt/libreoffice/program/soffice',
  '/snap/bin/libreoffice',
];
const probeTimeoutMs = 10_000;

/**
 * LibreOffice as installed on the machine: a quarter of the memory of the WebAssembly one, and the
 * machine's fonts. Each child process has a profile of its own, made once; each document gets a
 * `soffice` of its own, so one that hangs or falls harms no other.
 */
export const officeNativeEngine: Engine & { warmUp(): Promise<void> } = {
  name: 'libreoffice',
  pairs: officePairs,
  timeoutMs: 120_000,
  memoryBytesMax: 1.5 * 2 ** 30,
  probe: async () => {
    const program = findProgram();
    if (program === null) return { available: false, reason: 'soffice is not installed' };
    try {
      const { stdout } = await execute(program, ['--version'], { timeout: probeTimeoutMs });
      if (stdout.startsWith('LibreOffice')) return { available: true };
      return { available: false, reason: `${program} --version says nothing of LibreOffice` };
    } catch (error) {
      return { available: false, reason: `${program} does not start: ${String(error)}` };
    }
  },
  // Makes the profile, which takes longer than a document.
  warmUp: async () => {
    await writeProfile();
    const input = join(tmpdir(), 'warm.docx');
    await writeFile(input, await makeDocx(paragraph('warm') + table([['up']])));
    await convert(input, tmpdir());
  },
  run,
};

/** The installation's folders outside /usr, which a child must be shown. */
export function nativeOfficePaths(): string[] {
  const program = findProgram();
  if (program === null) return [];
  const installation = dirname(dirname(realpathSync(program)));
  return installation.startsWith('/usr') ? [] : [installation];
}

async function run(task: EngineTask): Promise<EngineResult> {
  const parts = await checkDocx(task.inputPath);
  task.progress(10, 'converting');
  const written = await convert(task.inputPath, task.workDir);
  const pdf = await readFile(written);
  checkPdf(pdf);
  await rename(written, task.outputPath).catch(() => writeFile(task.outputPath, pdf));
  task.progress(100, 'converting');
  return { format: 'pdf', warnings: warnOfReplacedFonts(parts, pdf) };
}

async function convert(input: string, folder: string): Promise<string> {
  const program = findProgram();
  if (program === null) throw new EngineError('internal_error', 'LibreOffice is not installed.');
  const output = join(folder, `${basename(input, extname(input))}.pdf`);
  const args = [
    `-env:UserInstallation=${pathToFileURL(profileFolder()).href}`,
    '--headless',
    '--norestore',
    '--nolockcheck',
    '--nodefault',
    '--nofirststartwizard',
    '--convert-to',
    'pdf:writer_pdf_Export',
    '--outdir',
    folder,
    input,
  ];
  const { stdout, stderr } = await execute(program, args, { cwd: folder }).catch(
    (error: unknown) => ({ stdout: '', stderr: String(error) }),
  );
  // The exit code proves nothing, the file does.
  if (existsSync(output)) return output;
  const message = 'The document is damaged: LibreOffice cannot read it.';
  throw new EngineError('document_invalid', message, `${stdout}\n${stderr}`.slice(0, 4000));
}

function findProgram(): string | null {
  return programs.find((path) => existsSync(path)) ?? null;
}

function profileFolder(): string {
  return join(homedir(), 'libreoffice');
}

/** No macros, no links to other files or addresses, no updates of links. */
async function writeProfile(): Promise<void> {
  const security = '/org.openoffice.Office.Common/Security/Scripting';
  const settings = [
    [security, 'DisableMacrosExecution', 'true'],
    [security, 'MacroSecurityLevel', '3'],
    [security, 'BlockUntrustedRefererLinks', 'true'],
    [security, 'DisableActiveContent', 'true'],
    ['/org.openoffice.Office.Writer/Content/Update', 'Link', '2'],
  ] as const;
  const items = settings.map(
    ([path, name, value]) =>
      `<item oor:path="${path}"><prop oor:name="${name}" oor:op="fuse"><value>${value}</value></prop></item>`,
  );
  await mkdir(join(profileFolder(), 'user'), { recursive: true });
  await writeFile(
    join(profileFolder(), 'user', 'registrymodifications.xcu'),
    `<?xml version="1.0" encoding="UTF-8"?>
<oor:items xmlns:oor="http://openoffice.org/2001/registry"
xmlns:xs="http://www.w3.org/2001/XMLSchema" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance">
${items.join('\n')}
</oor:items>
`,
  );
}
