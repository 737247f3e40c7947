import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { launchBrowser } from '../packages/server/src/conversions/engines/chromium/browser.ts';

/**
 * Takes the pictures in docs/screenshots from a running server:
 * `node scripts/with-node.mjs scripts/screenshots.ts --url http://127.0.0.1:3000 --data ./data`.
 * It signs in with the demo login in the data folder. What is to be seen should be there before; see
 * docs/screenshots/README.md.
 */
const { values } = parseArgs({
  options: {
    url: { type: 'string', default: 'http://127.0.0.1:3000' },
    data: { type: 'string', default: 'data' },
    /** Some of them, by name. */
    only: { type: 'string', multiple: true },
    to: { type: 'string', default: join(import.meta.dirname, '../docs/screenshots') },
  },
});

type Browser = Awaited<ReturnType<typeof launchBrowser>>;
type Page = Awaited<ReturnType<Browser['newPage']>>;

interface Shot {
  readonly name: string;
  /** Below the workspace, or from the root with a slash. */
  readonly path: string;
  readonly scheme?: 'light' | 'dark';
  readonly isPhone?: boolean;
  readonly prepare?: (page: Page) => Promise<void>;
}

const shots: readonly Shot[] = [
  { name: 'convert', path: 'convert', prepare: dropFiles },
  { name: 'overview', path: '' },
  { name: 'usage-dark', path: 'usage', scheme: 'dark' },
  { name: 'phone', path: '', isPhone: true },
  { name: 'billing', path: 'billing' },
  { name: 'admin-workspaces', path: '/admin' },
  { name: 'admin-revenue', path: '/admin/revenue' },
  { name: 'admin-clock-dark', path: '/admin/clock', scheme: 'dark' },
];

async function dropFiles(page: Page): Promise<void> {
  const examples = join(import.meta.dirname, '../examples');
  await page.setInputFiles('input[type=file]', join(examples, 'sales.xlsx'));
  await page.getByRole('button', { name: 'Convert', exact: true }).click();
  await page.getByRole('link', { name: 'Download' }).waitFor();
  await page.setInputFiles('input[type=file]', [
    join(examples, '../README.md'),
    join(examples, '../CHANGELOG.md'),
  ]);
  await page.getByText('left until').nth(1).waitFor();
}

async function take(browser: Browser, shot: Shot): Promise<void> {
  const { name, path, scheme = 'light', isPhone = false, prepare } = shot;
  const context = await browser.newContext({
    baseURL: values.url,
    colorScheme: scheme,
    viewport: isPhone ? { width: 390, height: 844 } : { width: 1280, height: 800 },
  });
  const [email, password] = (await readFile(join(values.data, 'demo-login'), 'utf8')).split(/\s+/);
  const reply = await context.request.post('/api/auth/sign-in/email', {
    data: { email, password },
    headers: { origin: values.url },
  });
  if (!reply.ok()) throw new Error(`Signing in as the demo: ${await reply.text()}`);
  const me = (await (await context.request.get('/v1/me')).json()) as {
    workspaces: { id: string }[];
  };
  const page = await context.newPage();
  await page.goto(path.startsWith('/') ? path : `/${me.workspaces[0]?.id}/${path}`);
  await page.getByRole('heading', { level: 1 }).waitFor();
  await prepare?.(page);
  await page.waitForLoadState('networkidle');
  await page.waitForTimeout(500);
  await writeFile(join(values.to, `${name}.png`), await page.screenshot());
  await context.close();
  console.log(`${name}.png`);
}

const home = await mkdtemp(join(tmpdir(), 'mutate-screenshots-'));
const browser = await launchBrowser(home, []);
try {
  await mkdir(values.to, { recursive: true });
  for (const shot of shots) {
    if (values.only?.includes(shot.name) ?? true) await take(browser, shot);
  }
} finally {
  await browser.close();
  await rm(home, { recursive: true, force: true });
}
