import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

const office = '/org.openoffice.Office';
const scripting = `${office}.Common/Security/Scripting`;

/** No macros, no links to other files or addresses, no updates, nothing kept for a crash. */
const settings: readonly (readonly [path: string, name: string, value: string])[] = [
  [scripting, 'DisableMacrosExecution', 'true'],
  [scripting, 'MacroSecurityLevel', '3'],
  [scripting, 'BlockUntrustedRefererLinks', 'true'],
  [scripting, 'DisableActiveContent', 'true'],
  [`${office}.Writer/Content/Update`, 'Link', '2'],
  [`${office}.Calc/Content/Update`, 'Link', '2'],
  [`${office}.Common/Save/Document`, 'AutoSave', 'false'],
  [`${office}.Recovery/RecoveryInfo`, 'Enabled', 'false'],
  [`${office}.Common/Misc`, 'UseOpenCL', 'false'],
  [`${office}.Calc/Formula/Calculation`, 'UseThreadedCalculationForFormulaGroups', 'false'],
];

/** Makes a fresh profile for one process. */
export async function writeProfile(folder: string): Promise<void> {
  const items = settings.map(
    ([path, name, value]) =>
      `<item oor:path="${path}"><prop oor:name="${name}" oor:op="fuse"><value>${value}</value></prop></item>`,
  );
  await mkdir(join(folder, 'user'), { recursive: true });
  await writeFile(
    join(folder, 'user', 'registrymodifications.xcu'),
    `<?xml version="1.0" encoding="UTF-8"?>
<oor:items xmlns:oor="http://openoffice.org/2001/registry"
xmlns:xs="http://www.w3.org/2001/XMLSchema" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance">
${items.join('\n')}
</oor:items>
`,
  );
}
