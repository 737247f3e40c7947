import { existsSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import type { LibreOfficeConverter, WasmLoaderModule } from '@matbee/libreoffice-converter/server';
import type { Engine, EngineResult, EngineTask } from '../engine.ts';
import { checkDocument } from './check/check-document.ts';
import { officeFormat, type OfficeFormat } from './kinds.ts';
import { makeDocx, paragraph, table } from './make-docx.ts';
import { exportSettings, pageChange, readOptions } from './options.ts';
import { checkPackageWritten, checkPdf, newerFormat, officePairs, unreadable } from './pairs.ts';
import { convertPages } from './pdf-pages.ts';
import { changePagesOfOds } from './ods-pages.ts';
import { warnOfReplacedFonts } from './replaced-fonts.ts';
import type { Properties, UnoValue } from './urp/marshal.ts';

const require = createRequire(import.meta.url);
const packageName = '@matbee/libreoffice-converter';

const pageBytes = 64 * 1024;
/** The module asks for 1 GB at least; it may not grow further than this. */
const wasmBytesMax = 1.5 * 2 ** 30;

/** What a child process for it needs besides: without tier-up it is quicker and needs less. */
export const officeWasmNodeFlags = ['--no-wasm-tier-up', '--no-wasm-dynamic-tiering'];

/** The part of WebAssembly that we use; the compiler knows it only together with the browser's. */
interface WebAssemblyApi {
  readonly Memory: new (limits: { initial: number; maximum: number; shared: boolean }) => object;
  instantiate(code: Buffer, imports: object): Promise<{ instance: object; module: object }>;
}
const { WebAssembly: webAssembly } = globalThis as unknown as { WebAssembly: WebAssemblyApi };

type Loader = WasmLoaderModule & { readonly wasmDir: string };

let starting: Promise<LibreOfficeConverter> | null = null;

/**
 * LibreOffice as WebAssembly, from npm: no program to install, its own fonts (Carlito, Caladea,
 * Liberation, DejaVu, Noto …), no file system and no network of its own. Takes some 4 s to start,
 * so it is kept. Runs in a child process only: it changes globals and blocks its thread.
 */
export const officeWasmEngine: Engine & { warmUp(): Promise<void> } = {
  name: 'libreoffice-wasm',
  pairs: officePairs,
  timeoutMs: 120_000,
  memoryBytesMax: 2 * 2 ** 30,
  probe: async () => {
    try {
      const wasmDir = dirname(require.resolve(`${packageName}/wasm/loader`));
      if (existsSync(join(wasmDir, 'soffice.wasm'))) return { available: true };
      return { available: false, reason: `${packageName} is incomplete` };
    } catch {
      return { available: false, reason: `the optional package ${packageName} is not installed` };
    }
  },
  warmUp: async () => {
    // The first document costs a second more than the next ones.
    const body = `${paragraph('warm')}${table([['up']])}`;
    await convertBytes(await makeDocx(body), 'docx', 'pdf', '');
  },
  run,
};

async function run(task: EngineTask): Promise<EngineResult> {
  const format = officeFormat(task.from);
  const parts = await checkDocument(task.inputPath, format);
  task.progress(10, 'converting');
  const input = await readFile(task.inputPath);
  if (task.to !== 'pdf') {
    const written = await convertBytes(input, format, newerFormat(task), '');
    checkPackageWritten(written);
    await writeFile(task.outputPath, written);
    task.progress(100, 'converting');
    return { format: task.to, warnings: [] };
  }
  const pdf = await convertPages(readOptions(task.options), async (options) => {
    const settings = asJson(exportSettings(options));
    const change = pageChange(options);
    if (!change) return convertBytes(input, format, 'pdf', settings);
    // There is no call that changes a page's style; OpenDocument has it in a part of its own.
    const ods = await changePagesOfOds(await convertBytes(input, format, 'ods', ''), change);
    return convertBytes(ods, 'ods', 'pdf', settings);
  });
  checkPdf(pdf);
  await writeFile(task.outputPath, pdf);
  task.progress(100, 'converting');
  return { format: 'pdf', warnings: warnOfReplacedFonts(format, parts, pdf) };
}

/** FilterData as LibreOfficeKit takes it (comphelper::JsonToPropertyValues). */
function asJson(settings: Properties): string {
  const entries = Object.entries(settings).map(([name, value]) => [name, typed(value)] as const);
  return JSON.stringify(Object.fromEntries(entries));
}

function typed(value: UnoValue): { type: string; value: string } {
  const [entry] = Object.entries(value);
  return { type: String(entry?.[0]), value: String(entry?.[1]) };
}

/** Its own list of names lacks two; those are told from the others by their content. */
function inputFormatOf(format: OfficeFormat): Exclude<OfficeFormat, 'xlsm' | 'xlsb'> {
  return format === 'xlsm' || format === 'xlsb' ? 'xlsx' : format;
}

async function convertBytes(
  input: Buffer,
  from: OfficeFormat,
  outputFormat: 'pdf' | 'ods' | 'docx' | 'xlsx',
  filterOptions: string,
): Promise<Buffer> {
  starting ??= start();
  const converter = await starting;
  const inputFormat = inputFormatOf(from);
  const options = {
    inputFormat,
    outputFormat,
    ...(filterOptions === '' ? {} : { filterOptions }),
  };
  try {
    const { data } = await converter.convert(input, options, `document.${inputFormat}`);
    return Buffer.from(data.buffer, data.byteOffset, data.byteLength);
  } catch (error) {
    // Its memory is spoilt then, so the process goes with it.
    if (/out of memory|enlarge memory|OOM|allocation|abort|RuntimeError/iu.test(String(error))) {
      throw error;
    }
    throw unreadable(error);
  }
}

async function start(): Promise<LibreOfficeConverter> {
  const { LibreOfficeConverter } = await import('@matbee/libreoffice-converter/server');
  const loader = require(`${packageName}/wasm/loader`) as Loader;
  const wasmLoader: WasmLoaderModule = {
    createModule: (config) => loader.createModule({ ...config, ...overrides(loader.wasmDir) }),
  };
  const converter = new LibreOfficeConverter({ wasmLoader, wasmPath: loader.wasmDir });
  await converter.initialize();
  return converter;
}

/**
 * Settings of the Emscripten module. `noInitialRun` is what makes it dependable: else LibreOffice's
 * own `main` starts in a thread beside the library's initialisation, and in most runs the two
 * waited for each other for a minute (8 of 11 starts without it, none of 29 with it).
 */
function overrides(wasmDir: string): Record<string, unknown> {
  return {
    noInitialRun: true,
    wasmMemory: new webAssembly.Memory({
      initial: 2 ** 30 / pageBytes,
      maximum: wasmBytesMax / pageBytes,
      shared: true,
    }),
    // Compiled here, so that the 147 MB of code are not kept a second time.
    wasmBinary: new Uint8Array(0),
    instantiateWasm: (imports: object, receive: (instance: object, module: object) => void) => {
      void readFile(join(wasmDir, 'soffice.wasm')).then(async (code) => {
        const { instance, module } = await webAssembly.instantiate(code, imports);
        receive(instance, module);
      });
      return {};
    },
  };
}
