import type { CallOptions, HttpClient } from './http.ts';
import { listAll, onePage, type PageInput } from './pages.ts';
import type { List } from './types.ts';
import type { Mail, NotificationPreferences, RenderedMail } from './webhook-types.ts';
import type { WorkspacePath } from './workspace.ts';

export interface UpdatePreferencesInput {
  usage?: boolean | undefined;
  billing?: boolean | undefined;
  digest?: boolean | undefined;
}

/** What members are told of by mail, and the workspace's mails. Every method throws `MutateError`. */
export class Notifications {
  readonly #http: HttpClient;
  readonly #workspace: WorkspacePath;

  constructor(http: HttpClient, workspace: WorkspacePath) {
    this.#http = http;
    this.#workspace = workspace;
  }

  /** The caller's own, or with a key those of a member. */
  async get(memberId?: string, call: CallOptions = {}): Promise<NotificationPreferences> {
    return this.#http.json<NotificationPreferences>({
      method: 'GET',
      path: await this.#workspace.to('notifications'),
      query: { member_id: memberId },
      ...call,
    });
  }

  async update(input: UpdatePreferencesInput, memberId?: string): Promise<NotificationPreferences> {
    return this.#http.json<NotificationPreferences>({
      method: 'PATCH',
      path: await this.#workspace.to('notifications'),
      query: { member_id: memberId },
      json: input,
    });
  }

  /** Mails of the workspace, newest first. */
  async *mails({ signal }: CallOptions = {}): AsyncGenerator<Mail, void, undefined> {
    yield* listAll<Mail>(this.#http, await this.#workspace.to('outbox'), {}, signal);
  }

  /** One page of them. */
  async mailsPage(page: PageInput = {}): Promise<List<Mail>> {
    return onePage<Mail>(this.#http, await this.#workspace.to('outbox'), page);
  }

  /** One with its text and HTML. */
  async mail(id: string, call: CallOptions = {}): Promise<RenderedMail> {
    const path = await this.#workspace.to('outbox', id);
    return this.#http.json<RenderedMail>({ method: 'GET', path, ...call });
  }
}
