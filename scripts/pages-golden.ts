import { writeFile } from 'node:fs/promises';
import { makeSamples } from '../packages/server/src/conversions/engines/golden/samples.ts';

/** Makes the golden images of the page engines anew. Look at each before committing it. */
const folder = new URL('../packages/server/src/conversions/engines/golden/', import.meta.url);
for (const [name, image] of await makeSamples()) {
  await writeFile(new URL(`${name}.png`, folder), image);
  console.log(`${name}.png: ${image.length} bytes`);
}
