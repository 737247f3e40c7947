import { chmod, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { mediaRunner } from './media/runner-engines.ts';
import { findInstallation } from './office/installation.ts';
import { startConverter } from './test-convert.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'mutate-programs-'));
  await chmod(folder, 0o755);
});
afterEach(() => rm(folder, { recursive: true }));

async function put(path: string, content = ''): Promise<void> {
  await mkdir(dirname(join(folder, path)), { recursive: true });
  await writeFile(join(folder, path), content, { mode: 0o755 });
}

test("the operator's own ffmpeg is run in the machine's place, with the libraries beside it", async () => {
  await put('usr/lib/x86_64-linux-gnu/libmine.so');
  await put('usr/share/result', 'by the program of the folder');
  await put(
    'usr/bin/ffprobe',
    '#!/bin/sh\necho \'{"streams":[{"codec_type":"audio","channels":1}],"format":{"duration":"2"}}\'\n',
  );
  await put(
    'usr/bin/ffmpeg',
    `#!/bin/sh
[ "$LD_LIBRARY_PATH" = ${folder}/usr/lib/x86_64-linux-gnu ] || exit 1
for output; do :; done
cp ${folder}/usr/share/result "\${output#file:}"
echo out_time_us=2000000
`,
  );
  const spec = mediaRunner(folder);
  expect(await spec.engine.probe()).toMatchObject({
    available: false,
    reason: expect.stringContaining(`${folder}/usr/bin/ffmpeg lacks libx264`),
  });
  const converter = await startConverter(spec);
  try {
    const { bytes } = await converter.convert(Buffer.from('fLaC'), { from: 'flac', to: 'wav' });
    expect(bytes.toString()).toBe('by the program of the folder');
  } finally {
    await converter.close();
  }
});

test('a folder that has only one of the two programs is passed over', async () => {
  await put('usr/bin/ffmpeg', '#!/bin/sh\nexit 1\n');
  const [own, machine] = [mediaRunner(folder), mediaRunner(null)].map(({ engine }) =>
    engine.probe(),
  );
  expect(await own).toEqual(await machine);
});

test("the operator's own LibreOffice comes before the machine's, its libraries first", async () => {
  const office = join(folder, 'usr/lib/libreoffice');
  for (const name of ['soffice.bin', 'libswlo.so', 'libsclo.so']) {
    await put(`usr/lib/libreoffice/program/${name}`);
  }
  expect(findInstallation(folder)).toEqual(findInstallation(null));
  await put('usr/lib/libreoffice/program/libsdlo.so');
  await put('usr/lib/aarch64-linux-gnu/blas/libblas.so');
  await put('etc/fonts/fonts.conf');
  const multiarch = join(folder, 'usr/lib/aarch64-linux-gnu');
  expect(findInstallation(folder)).toEqual({
    folder: office,
    path: join(office, 'program/soffice.bin'),
    environment: {
      LD_LIBRARY_PATH: [join(office, 'program'), multiarch, join(multiarch, 'blas')].join(':'),
      FONTCONFIG_FILE: join(folder, 'etc/fonts/fonts.conf'),
    },
  });
});

test("the Document Foundation's packages are found where they were unpacked, the newest first", async () => {
  for (const version of ['24.8', '25.2']) {
    for (const name of ['soffice.bin', 'libswlo.so', 'libsclo.so', 'libsdlo.so']) {
      await put(`opt/libreoffice${version}/program/${name}`);
    }
  }
  expect(findInstallation(folder)?.path).toBe(
    join(folder, 'opt/libreoffice25.2/program/soffice.bin'),
  );
});
