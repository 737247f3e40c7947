import type { Readable } from 'node:stream';
import { finished } from 'node:stream/promises';
import { type ReadStreamOptions, ZipFile } from 'yazl';
import { uniqueNames } from '../conversions/batch/unique-names.ts';
import { zipEntryOf } from '../conversions/batch/zip-outputs.ts';
import type { ConversionDeps } from '../conversions/deps.ts';
import { inputKey } from '../conversions/files/storage.ts';
import type { StoredOutput } from '../conversions/schema.ts';
import type { Context } from '../context.ts';
import { AppError } from '../errors.ts';
import { exportWorkspace } from './export.ts';
import { countKeptFiles, listKeptFiles } from './sql.ts';

/** A ZIP's list of contents is kept until its end: 0.8 KB a file. */
const filesOfZipMax = 50_000;

/**
 * Everything that is kept about a workspace as one ZIP: `workspace.ndjson`, as `exportWorkspace` writes
 * it, then `outputs/<job>/<name>` for each output that is still kept and `inputs/<job>/<name>` for each
 * file that waits for its conversion. One after the other, as fast as the client takes it; a file that
 * is deleted meanwhile is left out.
 *
 * @throws AppError `forbidden` for a key that may not read all of it, `conflict` past 50,000 files
 */
export async function exportWorkspaceAsZip(
  ctx: Context,
  conversions: ConversionDeps,
  filesMax = filesOfZipMax,
): Promise<Readable> {
  const lines = exportWorkspace(ctx);
  const { id } = ctx.organization;
  const [row] = await ctx.db.query<{ files: number }>(
    countKeptFiles(id, ctx.clock.now(), filesMax + 1),
  );
  if ((row?.files ?? 0) > filesMax) throw tooManyFiles(filesMax);
  const zip = new ZipFile();
  const stream = zip.outputStream as Readable;
  zip.on('error', (error: Error) => stream.destroy(error));
  const gone = new AbortController();
  stream.once('close', () => gone.abort());
  const add = (source: Readable, name: string, options: EntryOptions): Promise<void> =>
    addAndWait({ zip, signal: gone.signal }, source, name, options);
  const fill = async (): Promise<void> => {
    await add(lines, 'workspace.ndjson', { mtime: ctx.clock.now() });
    for await (const file of eachKeptFile(ctx)) {
      const source = await conversions.storage.open(placeOf(id, file));
      if (source !== null) await add(source, nameOf(file), entryOf(file));
    }
    zip.end();
  };
  fill().catch((error: Error) => stream.destroy(error));
  return stream;
}

function tooManyFiles(filesMax: number): AppError {
  const found = `More than ${filesMax.toLocaleString('en-US')} files are kept`;
  return new AppError('conflict', `${found}: export as ndjson, and fetch outputs one by one.`);
}

type EntryOptions = Partial<ReadStreamOptions>;

interface KeptFile {
  readonly id: string;
  readonly input_filename: string | null;
  readonly created_at: string;
  readonly finished_at: string | null;
  /** Null: it waits for its conversion, or is in the midst of it. */
  readonly output: StoredOutput | null;
}

async function* eachKeptFile(ctx: Context): AsyncGenerator<KeptFile> {
  for (let after = ''; ;) {
    const page: KeptFile[] = await ctx.db.query<KeptFile>(
      listKeptFiles(ctx.organization.id, ctx.clock.now(), after),
    );
    yield* page;
    const last = page.at(-1);
    if (last === undefined) return;
    after = last.id;
  }
}

function placeOf(organizationId: string, { id, output }: KeptFile): string {
  return output?.place ?? inputKey(organizationId, id);
}

function nameOf({ id, output, input_filename: input }: KeptFile): string {
  const [name = id] = uniqueNames([output?.filename ?? input ?? ''], []);
  return `${output === null ? 'inputs' : 'outputs'}/${id}/${name}`;
}

function entryOf({
  output,
  created_at: createdAt,
  finished_at: finishedAt,
}: KeptFile): EntryOptions {
  if (output === null) return { mtime: new Date(createdAt) };
  return zipEntryOf(output, finishedAt);
}

/** Handed over lazily, since the ZIP would keep hold of each stream until its end. */
async function addAndWait(
  { zip, signal }: { zip: ZipFile; signal: AbortSignal },
  source: Readable,
  name: string,
  options: EntryOptions,
): Promise<void> {
  const close = () => source.destroy();
  signal.addEventListener('abort', close, { once: true });
  if (signal.aborted) close();
  let held: Readable | null = source;
  zip.addReadStreamLazy(name, { mode: 0o100_644, ...options }, (take) => {
    const taken = held;
    held = null;
    if (taken !== null) take(null, taken);
  });
  try {
    await finished(source);
  } finally {
    signal.removeEventListener('abort', close);
  }
}
