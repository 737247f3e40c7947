import { existsSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import type { LibreOfficeConverter, WasmLoaderModule } from '@matbee/libreoffice-converter/server';
import { EngineError, type Engine, type EngineResult, type EngineTask } from '../engine.ts';
import { checkDocx } from './check-docx.ts';
import { makeDocx, paragraph, table } from './make-docx.ts';
import { checkPdf, officePairs } from './pairs.ts';
import { warnOfReplacedFonts } from './replaced-fonts.ts';

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
    await convertBytes(await makeDocx(body));
  },
  run,
};

async function run(task: EngineTask): Promise<EngineResult> {
  const parts = await checkDocx(task.inputPath);
  task.progress(10, 'converting');
  const pdf = await convertBytes(await readFile(task.inputPath));
  checkPdf(pdf);
  await writeFile(task.outputPath, pdf);
  task.progress(100, 'converting');
  return { format: 'pdf', warnings: warnOfReplacedFonts(parts, pdf) };
}

async function convertBytes(docx: Buffer): Promise<Buffer> {
  starting ??= start();
  const converter = await starting;
  try {
    const options = { inputFormat: 'docx', outputFormat: 'pdf' } as const;
    const { data } = await converter.convert(docx, options, 'document.docx');
    return Buffer.from(data.buffer, data.byteOffset, data.byteLength);
  } catch (error) {
    throw explain(error);
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

function explain(error: unknown): EngineError {
  const text = String(error);
  if (/out of memory|enlarge memory|OOM|allocation/iu.test(text)) {
    const message = 'The document needs more memory than one conversion may use.';
    return new EngineError('document_too_complex', message, error);
  }
  const message = 'The document is damaged: LibreOffice cannot read it.';
  return new EngineError('document_invalid', message, error);
}
