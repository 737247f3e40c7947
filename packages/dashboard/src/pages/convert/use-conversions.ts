import type { Format, Job, Mutate } from '@mutate/sdk';
import { isFinal, newIdempotencyKey } from '@mutate/sdk';
import { useQueryClient } from '@tanstack/react-query';
import { useCallback, useState } from 'react';
import { useApi, useWorkspaceId } from '../../session.ts';
import { formatOfName, guessFormat, targetsOf } from './guess-format.ts';

/** One file on the page. */
export interface Item {
  readonly key: string;
  /** What is sent, or where the server finds it. */
  readonly source: { readonly file: File } | { readonly sourceUrl: string };
  readonly name: string;
  /** Null: known once it was fetched. */
  readonly sizeBytes: number | null;
  readonly from: string | null;
  readonly to: string | null;
  readonly options: Readonly<Record<string, unknown>>;
  /** Of the next attempt: the same one until its job has ended or something else is wanted. */
  readonly idempotencyKey: string;
  readonly state: 'ready' | 'running' | 'done' | 'failed';
  readonly job: Job | null;
  /** Why it was refused, or could not be sent. */
  readonly error: unknown;
}

export interface Conversions {
  readonly items: readonly Item[];
  add(files: readonly File[], formats: readonly Format[]): Promise<void>;
  addUrl(url: string, formats: readonly Format[]): void;
  change(key: string, change: Partial<Pick<Item, 'to' | 'options'>>): void;
  remove(key: string): void;
  /** Starts what is ready, or failed and is wanted again. */
  start(keys: readonly string[]): Promise<void>;
}

/** Each holds a connection for its events; browsers have six for a server. */
const atOnce = 3;

/** The files of the page and what becomes of them. */
export function useConversions(): Conversions {
  const api = useApi();
  const workspaceId = useWorkspaceId();
  const queries = useQueryClient();
  const [items, setItems] = useState<readonly Item[]>([]);

  const change = useCallback((key: string, part: Partial<Item>) => {
    setItems((all) => all.map((item) => (item.key === key ? { ...item, ...part } : item)));
  }, []);

  const add = useCallback(async (files: readonly File[], formats: readonly Format[]) => {
    const added = await Promise.all(files.map((file) => toItem(file, formats)));
    setItems((all) => [...all, ...added]);
  }, []);

  const start = async (keys: readonly string[]): Promise<void> => {
    const waiting = items
      .filter(({ key, to }) => keys.includes(key) && to !== null)
      .map((item) => ({ ...item, ...attemptOf(item) }));
    for (const { key, idempotencyKey } of waiting) {
      change(key, { state: 'running', error: null, job: null, idempotencyKey });
    }
    const work = async (): Promise<void> => {
      for (let item = waiting.shift(); item !== undefined; item = waiting.shift()) {
        await convertItem(api, item, change);
        await queries.invalidateQueries({ queryKey: [workspaceId] });
      }
    };
    await Promise.all(Array.from({ length: atOnce }, work));
  };

  return {
    items,
    add,
    addUrl: (url, formats) => setItems((all) => [...all, fromUrl(url, formats)]),
    change: (key, part) => change(key, { ...part, idempotencyKey: newIdempotencyKey() }),
    remove: (key) => setItems((all) => all.filter((item) => item.key !== key)),
    start,
  };
}

async function toItem(file: File, formats: readonly Format[]): Promise<Item> {
  const from = await guessFormat(file, formats);
  const { name, size } = file;
  return { ...newItem(from, formats), source: { file }, name, sizeBytes: size };
}

function fromUrl(url: string, formats: readonly Format[]): Item {
  const { pathname, host } = new URL(url);
  const name = pathname.split('/').findLast((part) => part !== '') ?? host;
  const from = formatOfName(name, formats);
  return { ...newItem(from, formats), source: { sourceUrl: url }, name, sizeBytes: null };
}

function newItem(
  from: string | null,
  formats: readonly Format[],
): Omit<Item, 'source' | 'name' | 'sizeBytes'> {
  const [first] = from === null ? [] : targetsOf(formats, from);
  return {
    key: String(Math.random()),
    from,
    to: first?.to ?? null,
    options: {},
    idempotencyKey: newIdempotencyKey(),
    state: 'ready',
    job: null,
    error: null,
  };
}

/** After a lost answer the same key finds the job that there may be; after one that ended, none. */
function attemptOf({ job, idempotencyKey }: Item): Pick<Item, 'idempotencyKey'> {
  const hasEnded = job !== null && isFinal(job.status);
  return { idempotencyKey: hasEnded ? newIdempotencyKey() : idempotencyKey };
}

/** Queued rather than waited for: so more files than slots are no refusals, and progress is seen. */
async function convertItem(
  api: Mutate,
  item: Item,
  change: (key: string, part: Partial<Item>) => void,
): Promise<void> {
  const { key, source, to, options, idempotencyKey } = item;
  if (to === null) return;
  try {
    const input = { ...source, to, options, idempotencyKey, respondAsync: true };
    let job = await api.conversions.create(input);
    change(key, { job });
    if (!isFinal(job.status)) {
      job = await api.conversions.wait(job.id, { onJob: (seen) => change(key, { job: seen }) });
    }
    change(key, { job, state: job.status === 'succeeded' ? 'done' : 'failed' });
  } catch (error) {
    change(key, { state: 'failed', error });
  }
}
