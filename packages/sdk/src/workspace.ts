import { MutateError } from './errors.ts';
import type { HttpClient } from './http.ts';
import type { List, Workspace } from './types.ts';

/** Knows the workspace that calls are about: the one given, else the one the API key belongs to. */
export class WorkspacePath {
  readonly #http: HttpClient;
  #id: Promise<string> | undefined;

  constructor(http: HttpClient, workspaceId: string | undefined) {
    this.#http = http;
    if (workspaceId !== undefined) this.#id = Promise.resolve(workspaceId);
  }

  /** `/v1/workspaces/org_…/<segments>`, the segments encoded. @throws MutateError */
  async to(...segments: string[]): Promise<string> {
    this.#id ??= this.#find().catch((error: unknown) => {
      this.#id = undefined;
      throw error;
    });
    const all = ['v1', 'workspaces', await this.#id, ...segments];
    return `/${all.map((segment) => encodeURIComponent(segment)).join('/')}`;
  }

  async #find(): Promise<string> {
    // No abort signal: the answer is shared by every call that waits for it.
    const list = await this.#http.json<List<Workspace>>({ method: 'GET', path: '/v1/workspaces' });
    const [first] = list.data;
    if (first !== undefined) return first.id;
    throw new MutateError('These credentials belong to no workspace; give workspaceId.', {
      code: 'not_found',
    });
  }
}
