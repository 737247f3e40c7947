import type { CallOptions, HttpClient } from './http.ts';
import type { Format, List, Plan } from './types.ts';

/** A list that the server gives whole: the conversions offered, the plans on sale. */
export class Catalogue<T extends Format | Plan> {
  readonly #http: HttpClient;
  readonly #path: string;

  constructor(http: HttpClient, path: string) {
    this.#http = http;
    this.#path = path;
  }

  /** All entries. @throws MutateError */
  async list(options: CallOptions = {}): Promise<T[]> {
    const list = await this.#http.json<List<T>>({ method: 'GET', path: this.#path, ...options });
    return list.data;
  }
}
