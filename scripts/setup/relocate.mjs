import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join, relative } from 'node:path';

/**
 * Makes unpacked packages work where they lie: their links, LibreOffice's settings and the fonts.
 *
 * @param {string} root where they were unpacked
 */
export function relocate(root) {
  relink(root, root);
  relocateOffice(root);
  writeFontSettings(root);
}

/**
 * Makes absolute links point into the unpacked folder: LibreOffice's registry is one to /etc.
 *
 * @param {string} root
 * @param {string} folder
 */
function relink(root, folder) {
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) relink(root, path);
    if (!entry.isSymbolicLink()) continue;
    const target = readlinkSync(path);
    if (!target.startsWith('/') || !existsSync(join(root, target))) continue;
    rmSync(path);
    symlinkSync(relative(dirname(path), join(root, target)), path);
  }
}

/**
 * Fonts of the machine and those that were unpacked.
 *
 * @param {string} root
 */
function writeFontSettings(root) {
  const fonts = [join(root, 'usr/share/fonts'), '/usr/share/fonts'];
  const folders = fonts.map((path) => `<dir>${path}</dir>`).join('');
  const text = `<?xml version="1.0"?><fontconfig>${folders}<cachedir>/tmp/fonts</cachedir></fontconfig>`;
  mkdirSync(join(root, 'etc/fonts'), { recursive: true });
  writeFileSync(join(root, 'etc/fonts/fonts.conf'), text);
}

/**
 * LibreOffice names its folders in full; those in /etc are filled by its packages' installation.
 *
 * @param {string} root
 */
function relocateOffice(root) {
  const office = join(root, 'usr/lib/libreoffice');
  const program = join(office, 'program');
  if (!existsSync(program)) return;
  for (const name of readdirSync(program).filter((entry) => entry.endsWith('rc'))) {
    const path = join(program, name);
    const text = readFileSync(path, 'utf8')
      .replaceAll('file:///etc/libreoffice/registry', `file://${office}/share/.registry`)
      .replaceAll('file:///usr/lib/libreoffice', `file://${office}`);
    writeFileSync(path, text);
  }
}
