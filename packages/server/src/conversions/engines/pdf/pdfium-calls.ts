import type { PDFiumPage } from '@hyzyla/pdfium';

/** The part of PDFium's interface that the package keeps to itself. */
interface PdfiumModule {
  readonly wasmExports: {
    malloc(bytes: number): number;
    free(pointer: number): void;
  };
  readonly HEAPU8: Uint8Array;
}

/** A page of PDFium's, for what the package has no method for. */
export class PdfiumCalls {
  readonly page: number;
  readonly #module: PdfiumModule;

  constructor(page: PDFiumPage) {
    const { module, pageIdx } = page as unknown as { module: PdfiumModule; pageIdx: number };
    this.#module = module;
    this.page = pageIdx;
  }

  /** @param name of one of PDFium's functions, such as `FPDF_ClosePage` */
  call(name: string, ...parameters: readonly number[]): number {
    const functions = this.#module as unknown as Record<string, (...all: number[]) => number>;
    const found = functions[`_${name}`];
    if (found === undefined) throw new Error(`PDFium has no ${name}`);
    return found(...parameters);
  }

  /** What a function leaves in so many bytes, with what it returned. */
  read(bytes: number, use: (pointer: number) => number): { view: DataView; returned: number } {
    const pointer = this.#module.wasmExports.malloc(bytes);
    if (pointer === 0) throw new RangeError('no memory is left');
    try {
      const returned = use(pointer);
      const copy = this.#module.HEAPU8.slice(pointer, pointer + bytes);
      return { view: new DataView(copy.buffer), returned };
    } finally {
      this.#module.wasmExports.free(pointer);
    }
  }

  /** A text of one of the functions that tell how many bytes of UTF-16 they need. */
  text(use: (pointer: number, bytes: number) => number): string {
    const bytes = use(0, 0);
    if (bytes <= 2) return '';
    const { view } = this.read(bytes, (pointer) => use(pointer, bytes));
    const letters = new DataView(view.buffer, 0, bytes - 2);
    return new TextDecoder('utf-16le').decode(letters);
  }

  /** Calls with a pointer to a text of ASCII letters. */
  withName<T>(name: string, use: (pointer: number) => T): T {
    const bytes = Buffer.from(`${name}\0`, 'latin1');
    const pointer = this.#module.wasmExports.malloc(bytes.length);
    if (pointer === 0) throw new RangeError('no memory is left');
    try {
      this.#module.HEAPU8.set(bytes, pointer);
      return use(pointer);
    } finally {
      this.#module.wasmExports.free(pointer);
    }
  }
}
