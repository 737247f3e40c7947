import type { PageChange } from '../options.ts';
import { remoteFrom, type Remote, type UrpConnection } from './connection.ts';
import type { UnoValue } from './marshal.ts';

const nameAccess = 'com.sun.star.container.XNameAccess';
const propertySet = 'com.sun.star.beans.XPropertySet';
const styleFamilies = 'com.sun.star.style.XStyleFamiliesSupplier';

/** See `methods` in office.ts. */
const methods = {
  getStyleFamilies: 3,
  getByName: 5,
  getElementNames: 6,
  setPropertyValue: 4,
  getPropertyValue: 5,
} as const;

/** Changes paper, orientation and scale of every page style of an open workbook. */
export async function changePages(
  connection: UrpConnection,
  document: Remote,
  change: PageChange,
): Promise<void> {
  const supplier = await connection.query(document, styleFamilies);
  const answer = await connection.call(supplier, methods.getStyleFamilies);
  const families = remoteFrom(answer, nameAccess);
  const styles = await getByName(connection, families, 'PageStyles', nameAccess);
  const names = (await connection.call(styles, methods.getElementNames)).strings();
  for (const name of names) {
    const style = await getByName(connection, styles, name, propertySet);
    await changeStyle(connection, style, change);
    connection.release(style);
  }
  for (const object of [styles, families, supplier]) connection.release(object);
}

async function getByName(
  connection: UrpConnection,
  container: Remote,
  name: string,
  type: string,
): Promise<Remote> {
  const answer = await connection.call(container, methods.getByName, (message) =>
    message.string(name),
  );
  const found = answer.anyObject();
  const wanted = await connection.query(found, type);
  connection.release(found);
  return wanted;
}

async function changeStyle(
  connection: UrpConnection,
  style: Remote,
  { paperMm, orientation, fitToWidth }: PageChange,
): Promise<void> {
  const get = async (name: string) =>
    (
      await connection.call(style, methods.getPropertyValue, (message) => message.string(name))
    ).anyNumber();
  const set = (name: string, value: UnoValue) =>
    connection.call(style, methods.setPropertyValue, (message) => message.string(name).any(value));
  if (paperMm || orientation) {
    const before = [await get('Width'), await get('Height')];
    const sides = paperMm?.map((millimetres) => Math.round(millimetres * 100)) ?? before;
    const [short = 0, long = 0] = sides.toSorted((a, b) => a - b);
    const [width = 0, height = 0] = before;
    const landscape = orientation === null ? width > height : orientation === 'landscape';
    await set('IsLandscape', { boolean: landscape });
    await set('Width', { long: landscape ? long : short });
    await set('Height', { long: landscape ? short : long });
  }
  if (fitToWidth) {
    await set('ScaleToPagesX', { short: 1 });
    await set('ScaleToPagesY', { short: 0 });
  }
}
