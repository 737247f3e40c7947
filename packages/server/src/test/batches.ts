import { readdir } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { systemClock } from '../clock.ts';
import { expectInvariants } from './invariants.ts';
import { scenario, type Scene } from './scenario.ts';
import { startTestService, type TestService } from './service.ts';
import { batchSchema, type Batch } from '../conversions/batch/schema.ts';

export const csv = 'name,age\r\nAda,36\r\n';
export const megabyte = 1_048_576;

export type File = [name: string, content: string | Buffer];

/** A form with the files, for `to: json` unless said otherwise. */
export function formOf(files: File[], fields: Record<string, string> = { to: 'json' }): FormData {
  const form = new FormData();
  for (const [name, value] of Object.entries(fields)) form.append(name, value);
  for (const [name, content] of files) {
    form.append('file', new Blob([new Uint8Array(Buffer.from(content))]), name);
  }
  return form;
}

/** How each file fared, in order: its job's status, or the code of its refusal. */
export function outcomesOf(batch: Batch): (string | undefined)[] {
  return batch.data.map(({ job, error }) => job?.status ?? error?.code);
}

interface Sending {
  readonly query?: string;
  readonly headers?: Record<string, string>;
}

/** A running service, and what one does with batches. */
export class BatchService {
  readonly tested: TestService;

  constructor(tested: TestService) {
    this.tested = tested;
  }

  static async start(env: Record<string, string> = {}): Promise<BatchService> {
    return new BatchService(await startTestService({ env }));
  }

  scene() {
    return scenario(this.tested.database.db, systemClock).organization();
  }

  url(owner: Scene, path = ''): string {
    return `/v1/workspaces/${owner.organizationId}/conversions/batch${path}`;
  }

  post(owner: Scene, body: FormData | string, { query = '', headers = {} }: Sending = {}) {
    const type = typeof body === 'string' ? { 'content-type': 'application/json' } : {};
    return this.tested.fetch(this.url(owner, query), {
      method: 'POST',
      key: owner.apiKey,
      body,
      headers: { ...type, ...headers },
    });
  }

  async send(owner: Scene, body: FormData | string, sending: Sending = {}) {
    const response = await this.post(owner, body, sending);
    return { status: response.status, batch: batchSchema.parse(await response.json()) };
  }

  /** The problem document that a request is answered with. */
  async refusal(owner: Scene, body: FormData | string, sending: Sending = {}) {
    const response = await this.post(owner, body, sending);
    return (await response.json()) as Record<string, unknown>;
  }

  async read(owner: Scene, { id }: { id: string }): Promise<Batch> {
    const response = await this.tested.fetch(this.url(owner, `/${id}`), { key: owner.apiKey });
    return batchSchema.parse(await response.json());
  }

  async completed(owner: Scene, batch: { id: string }): Promise<Batch> {
    for (let round = 0; round < 200; round++) {
      const now = await this.read(owner, batch);
      if (now.status === 'completed') return now;
      await sleep(50);
    }
    throw new Error('the batch did not complete');
  }

  download(owner: Scene, { id }: { id: string }): Promise<Response> {
    return this.tested.fetch(this.url(owner, `/${id}/output`), { key: owner.apiKey });
  }

  /** Conversions counted; nothing is reserved, and the books are right. */
  async used({ organizationId, apiKey }: Scene): Promise<unknown> {
    const path = `/v1/workspaces/${organizationId}/usage`;
    const response = await this.tested.fetch(path, { key: apiKey });
    const { conversions } = (await response.json()) as { conversions: Record<string, unknown> };
    await expectInvariants(this.tested.database.db, organizationId, new Date());
    if (conversions.reserved !== 0) throw new Error('a unit is still reserved');
    return conversions.used;
  }

  filesFolder({ organizationId }: Scene): string {
    return join(this.tested.dataFolder, 'files', organizationId);
  }

  /** Names of the inputs that the workspace has in the storage. */
  async storedInputs(owner: Scene): Promise<string[]> {
    const names = await readdir(this.filesFolder(owner), { recursive: true }).catch(() => []);
    return names.filter((name) => name.endsWith('.input')).map((name) => basename(name));
  }

  /** What lies in the work folder. */
  async leftovers(): Promise<string[]> {
    const folder = join(this.tested.dataFolder, 'work');
    const [process = ''] = await readdir(folder);
    return readdir(join(folder, process));
  }
}
