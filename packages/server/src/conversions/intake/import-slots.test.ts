import { expect, test } from 'vitest';
import { ImportSlots } from './import-slots.ts';

const { signal } = new AbortController();

/** Fetches that last until they are let go. */
class Fetches {
  running: string[] = [];
  readonly #ends: (() => void)[] = [];
  readonly #slots: ImportSlots;

  constructor(slots: ImportSlots) {
    this.#slots = slots;
  }

  start(organizationId: string): Promise<string> {
    return this.#slots.hold(organizationId, signal, async () => {
      this.running.push(organizationId);
      await new Promise<void>((resolve) => this.#ends.push(resolve));
      return organizationId;
    });
  }

  endFirst(): void {
    this.#ends.shift()?.();
  }
}

const refused = { code: 'concurrency_limited', status: 429, retryAfterSeconds: 5 };

test('one organization has so many fetches at once, all together so many, and the rest wait fairly', async () => {
  const options = { ofOrganizationMax: 2, max: 3, waitingMax: 10, waitMsMax: 60_000 };
  const fetches = new Fetches(new ImportSlots(options));
  const all = ['org_a', 'org_a', 'org_a', 'org_b', 'org_c'].map((id) => fetches.start(id));
  await expect.poll(() => fetches.running).toEqual(['org_a', 'org_a', 'org_b']);
  fetches.endFirst();
  // The third of org_a waited longer, but org_c has none yet.
  await expect.poll(() => fetches.running.slice(3)).toEqual(['org_c']);
  fetches.endFirst();
  await expect.poll(() => fetches.running.slice(4)).toEqual(['org_a']);
  for (let left = 0; left < 3; left++) fetches.endFirst();
  expect(await Promise.all(all)).toHaveLength(5);
});

test('who waits too long, or comes when enough wait, is told 429; the slot of a failed one is free', async () => {
  const options = { ofOrganizationMax: 1, max: 5, waitingMax: 2, waitMsMax: 200 };
  const slots = new ImportSlots(options);
  const fetches = new Fetches(slots);
  const first = fetches.start('org_a');
  const late = fetches.start('org_a');
  await expect(fetches.start('org_a')).rejects.toMatchObject(refused);
  await expect(late).rejects.toMatchObject(refused);
  fetches.endFirst();
  await first;
  const broken = slots.hold('org_a', signal, () => Promise.reject(new Error('broke off')));
  await expect(broken).rejects.toThrow('broke off');
  const again = fetches.start('org_a');
  await expect.poll(() => fetches.running).toEqual(['org_a', 'org_a']);
  fetches.endFirst();
  await again;
});
