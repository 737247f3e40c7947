import type { CallOptions, HttpClient } from './http.ts';
import type {
  CountedConversion,
  Invoice,
  InvoiceWithLines,
  LineExplanation,
} from './invoice-types.ts';
import { listAll, onePage, type PageInput } from './pages.ts';
import type { List } from './types.ts';
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

  /** One page of them. @throws MutateError */
  async page(input: PageInput = {}): Promise<List<Invoice>> {
    return onePage<Invoice>(this.#http, await this.#workspace.to('billing', 'invoices'), input);
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

  /** Why a line is there: rule, plan version, override, arithmetic, a page of what it counts. @throws MutateError */
  async explain(id: string, lineId: string, input: PageInput = {}): Promise<LineExplanation> {
    const path = await this.#pathOfLine(id, lineId);
    const { cursor, limit, signal } = input;
    const query = { starting_after: cursor, limit };
    return this.#http.json<LineExplanation>({ method: 'GET', path, query, signal });
  }

  /** Every conversion that an overage line counts, newest first. @throws MutateError */
  async *conversions(
    id: string,
    lineId: string,
    { signal }: CallOptions = {},
  ): AsyncGenerator<CountedConversion, void, undefined> {
    let cursor: string | undefined;
    do {
      const { conversions } = await this.explain(id, lineId, { cursor, limit: 100, signal });
      yield* conversions?.data ?? [];
      cursor = conversions?.next_cursor ?? undefined;
    } while (cursor !== undefined);
  }

  #pathOfLine(id: string, lineId: string): Promise<string> {
    return this.#workspace.to('billing', 'invoices', id, 'lines', lineId, 'explain');
  }
}
