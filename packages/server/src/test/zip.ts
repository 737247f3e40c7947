import { buffer, text } from 'node:stream/consumers';
import { fromBufferPromise } from 'yauzl';
import { ZipFile } from 'yazl';

interface Made {
  /** With a slash at its end: a folder. */
  readonly name: string;
  readonly content?: string | Buffer;
  readonly mode?: number;
  readonly compress?: boolean;
}

/** A ZIP of the entries, with names that honest writers refuse. */
export async function makeZip(entries: readonly Made[]): Promise<Buffer> {
  const zip = new ZipFile();
  for (const { name, content = '', mode = 0o100_644, compress = true } of entries) {
    const harmless = name.replaceAll('\\', '/').replaceAll('..', '__');
    if (name.endsWith('/')) zip.addEmptyDirectory(name);
    else zip.addBuffer(Buffer.from(content), harmless, { mode, compress });
  }
  zip.end();
  const made = await buffer(zip.outputStream);
  for (const { name } of entries.filter((entry) => entry.name.includes('..'))) {
    const harmless = name.replaceAll('\\', '/').replaceAll('..', '__');
    for (let at = made.indexOf(harmless); at !== -1; at = made.indexOf(harmless, at + 1)) {
      made.write(name, at);
    }
  }
  return made;
}

/** Names and texts of the entries, in their order. */
export async function readZip(bytes: Buffer): Promise<Map<string, string>> {
  const zip = await fromBufferPromise(bytes, { lazyEntries: true, autoClose: false });
  const entries = new Map<string, string>();
  for await (const entry of zip.eachEntry()) {
    entries.set(entry.fileName, await text(await zip.openReadStreamPromise(entry)));
  }
  zip.close();
  return entries;
}
