import type { HttpClient } from './http.ts';
import { listAll } from './pages.ts';
import type { Role } from './me.ts';
import type { Invitation, Member, OpenInvitation } from './member-types.ts';
import type { WorkspacePath } from './workspace.ts';

/** The people of the workspace. */
export class Members {
  readonly #http: HttpClient;
  readonly #workspace: WorkspacePath;

  constructor(http: HttpClient, workspace: WorkspacePath) {
    this.#http = http;
    this.#workspace = workspace;
  }

  /** Every member, newest first. @throws MutateError */
  async *list(): AsyncGenerator<Member, void, undefined> {
    yield* listAll<Member>(this.#http, await this.#workspace.to('members'));
  }

  /** Gives a member another role. @throws MutateError */
  async update(id: string, changes: { role: Role }): Promise<Member> {
    const path = await this.#workspace.to('members', id);
    return this.#http.json<Member>({ method: 'PATCH', path, json: changes });
  }

  /** Takes a member out. @throws MutateError */
  async delete(id: string): Promise<void> {
    const path = await this.#workspace.to('members', id);
    await this.#http.nothing({ method: 'DELETE', path });
  }
}

/** Who was asked to join the workspace. */
export class Invitations {
  readonly #http: HttpClient;
  readonly #workspace: WorkspacePath;

  constructor(http: HttpClient, workspace: WorkspacePath) {
    this.#http = http;
    this.#workspace = workspace;
  }

  /** Sends a mail with a link that is good for seven days. @throws MutateError */
  async create(input: { email: string; role?: Role | undefined }): Promise<Invitation> {
    const path = await this.#workspace.to('invitations');
    return this.#http.json<Invitation>({ method: 'POST', path, json: input });
  }

  /** Those that were not accepted, newest first. @throws MutateError */
  async *list(): AsyncGenerator<Invitation, void, undefined> {
    yield* listAll<Invitation>(this.#http, await this.#workspace.to('invitations'));
  }

  /** Sends another link; the one before is worth nothing then. @throws MutateError */
  async resend(id: string): Promise<Invitation> {
    const path = await this.#workspace.to('invitations', id, 'resend');
    return this.#http.json<Invitation>({ method: 'POST', path });
  }

  /** Takes an invitation back. @throws MutateError */
  async delete(id: string): Promise<void> {
    const path = await this.#workspace.to('invitations', id);
    await this.#http.nothing({ method: 'DELETE', path });
  }
  /** What the link of a mail is for, by its token. @throws MutateError */
  async open(token: string): Promise<OpenInvitation> {
    const path = `/v1/invitations/${encodeURIComponent(token)}`;
    return this.#http.json<OpenInvitation>({ method: 'GET', path });
  }

  /** Joins, as the member who is signed in with the invited address. @throws MutateError */
  async accept(token: string): Promise<Member> {
    const path = `/v1/invitations/${encodeURIComponent(token)}/accept`;
    return this.#http.json<Member>({ method: 'POST', path });
  }
}
