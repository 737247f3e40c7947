import type { CallOptions, HttpClient } from './http.ts';
import type {
  CountedConversion,
  Invoice,
  InvoiceWithLines,
  LineExplanation,
} from './invoice-types.ts';
import { listAll } from './pages.ts';
import type { WorkspacePath } from './workspace.ts';

/** What the workspace was billed. */
export class Invoices {
  readonly #http: HttpClient;
  readonly #workspace: WorkspacePath;

  constructor(http: HttpClient, workspace: WorkspacePath) {
    this.#http = http;
    this.#workspace = workspace;
  }

  /** Every invoice, newest first, without lines. @throws MutateError */
  async *list({ signal }: CallOptions = {}): AsyncGenerator<Invoice, void, undefined> {
    yield* listAll<Invoice>(
      this.#http,
      await this.#workspace.to('billing', 'invoices'),
      {},
      signal,
    );
  }

  /** One with its lines. @throws MutateError */
  async get(id: string, call: CallOptions = {}): Promise<InvoiceWithLines> {
    const path = await this.#workspace.to('billing', 'invoices', id);
    return this.#http.json<InvoiceWithLines>({ method: 'GET', path, ...call });
  }

  /** The usage statement behind it, a PDF; cancel the stream when you stop early. @throws MutateError */
  async statement(id: string, call: CallOptions = {}): Promise<ReadableStream<Uint8Array>> {
    const path = await this.#workspace.to('billing', 'invoices', id, 'pdf');
    return this.#http.stream({ method: 'GET', path, ...call });
  }

  /** Why a line is there: rule, plan version, override, arithmetic. @throws MutateError */
  async explain(id: string, lineId: string, call: CallOptions = {}): Promise<LineExplanation> {
    const path = await this.#pathOfLine(id, lineId);
    return this.#http.json<LineExplanation>({ method: 'GET', path, ...call });
  }

  /** Every conversion that an overage line counts, newest first. @throws MutateError */
  async *conversions(
    id: string,
    lineId: string,
    { signal }: CallOptions = {},
  ): AsyncGenerator<CountedConversion, void, undefined> {
    const path = await this.#pathOfLine(id, lineId);
    let cursor: string | undefined;
    do {
      const query = { limit: 100, starting_after: cursor };
      const call = { method: 'GET', path, query, signal } as const;
      const { conversions } = await this.#http.json<LineExplanation>(call);
      yield* conversions?.data ?? [];
      cursor = conversions?.next_cursor ?? undefined;
    } while (cursor !== undefined);
  }

  #pathOfLine(id: string, lineId: string): Promise<string> {
    return this.#workspace.to('billing', 'invoices', id, 'lines', lineId, 'explain');
  }
}
