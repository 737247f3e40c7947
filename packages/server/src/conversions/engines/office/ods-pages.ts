import { buffer } from 'node:stream/consumers';
import { fromBufferPromise } from 'yauzl';
import { ZipFile } from 'yazl';
import type { PageChange } from './options.ts';

/**
 * Changes paper, orientation and scale in the page layouts of an OpenDocument spreadsheet, as
 * LibreOffice writes it (OpenDocument 1.3 part 3, 17.2).
 */
export async function changePagesOfOds(ods: Buffer, change: PageChange): Promise<Buffer> {
  const source = await fromBufferPromise(ods, { lazyEntries: true, autoClose: false });
  const target = new ZipFile();
  for await (const entry of source.eachEntry()) {
    if (entry.fileName.endsWith('/')) continue;
    const part = await buffer(await source.openReadStreamPromise(entry));
    const isLayout = /^(?:styles|content)\.xml$/u.test(entry.fileName);
    const written = isLayout ? Buffer.from(changeLayouts(part.toString('utf8'), change)) : part;
    target.addBuffer(written, entry.fileName, { compress: entry.fileName !== 'mimetype' });
  }
  target.end();
  return buffer(target.outputStream);
}

function changeLayouts(xml: string, change: PageChange): string {
  return xml.replaceAll(/<style:page-layout-properties\b[^>]*?(?=\/?>)/gu, (tag) =>
    changeLayout(tag, change),
  );
}

function changeLayout(tag: string, { paperMm, orientation, fitToWidth }: PageChange): string {
  const attributes = new Map<string, string>();
  for (const [, name = '', value = ''] of tag.matchAll(/([\w:-]+)="([^"]*)"/gu)) {
    attributes.set(name, value);
  }
  if (paperMm || orientation) setPaper(attributes, paperMm, orientation);
  if (fitToWidth) {
    for (const name of ['style:scale-to', 'style:scale-to-pages']) attributes.delete(name);
    attributes.set('style:scale-to-X', '1');
    attributes.set('style:scale-to-Y', '0');
  }
  const text = [...attributes].map(([name, value]) => ` ${name}="${value}"`).join('');
  return `<style:page-layout-properties${text}`;
}

/** LibreOffice's paper (here in its English of the USA) for a layout that names none. */
const defaultMm = [215.9, 279.4] as const;

function setPaper(
  attributes: Map<string, string>,
  paperMm: PageChange['paperMm'],
  orientation: PageChange['orientation'],
): void {
  const before = [
    millimetres(attributes.get('fo:page-width')) ?? defaultMm[0],
    millimetres(attributes.get('fo:page-height')) ?? defaultMm[1],
  ];
  const [short = 0, long = 0] = [...(paperMm ?? before)].toSorted((a, b) => a - b);
  const [width = 0, height = 0] = before;
  const landscape = orientation === null ? width > height : orientation === 'landscape';
  attributes.set('fo:page-width', `${landscape ? long : short}mm`);
  attributes.set('fo:page-height', `${landscape ? short : long}mm`);
  attributes.set('style:print-orientation', landscape ? 'landscape' : 'portrait');
}

const unitsMm: Readonly<Record<string, number>> = { mm: 1, cm: 10, in: 25.4, pt: 25.4 / 72 };

function millimetres(length: string | undefined): number | null {
  const [, number, unit = ''] = /^([\d.]+)(mm|cm|in|pt)$/u.exec(length ?? '') ?? [];
  return number === undefined ? null : Number(number) * (unitsMm[unit] ?? 1);
}
