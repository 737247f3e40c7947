import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Browser, BrowserContextOptions, Page } from 'playwright-core';
import { expect } from 'vitest';
import { systemClock } from '../../server/src/clock.ts';
import { launchBrowser } from '../../server/src/conversions/engines/chromium/browser.ts';
import type { Role } from '../../server/src/http/role.ts';
import type { Statement } from '../../server/src/db/sql.ts';
import { signedIn } from '../../server/src/test/people.ts';
import { scenario, type Scene } from '../../server/src/test/scenario.ts';
import { form, startTestService, type TestService } from '../../server/src/test/service.ts';

type Scenario = ReturnType<typeof scenario>;

export interface Visitor {
  readonly page: Page;
  readonly email: string;
  readonly userId: string;
  readonly scene: Scene;
  /** A page of the workspace, `''` for its overview; waits until it shows its title. */
  open(path: string): Promise<void>;
}

export interface World {
  readonly tested: TestService;
  /** What a statement finds, of every workspace. */
  rows<Row extends object>(statement: Statement): Promise<Row[]>;
  /** A small conversion by the workspace's own program; answers the status. */
  convert(visitor: Pick<Visitor, 'scene'>): Promise<number>;
  /** A page of a browser that knows nothing of us. */
  newPage(options?: BrowserContextOptions): Promise<Page>;
  /** The same for somebody who is signed in, in a workspace of their own. */
  visit(options?: VisitOptions): Promise<Visitor>;
  /** Fails where a page complained in its console since the last call. */
  expectQuiet(): void;
  /** Takes back complaints that the test brought about itself, of which there must be some. */
  excuse(complaint: RegExp): void;
  close(): Promise<void>;
}

export interface VisitOptions extends BrowserContextOptions {
  readonly role?: Role;
  readonly superAdmin?: boolean;
  readonly scene?: (scenario: Scenario) => Scenario;
}

/** The whole product and a real browser. */
export async function startWorld(
  service: { env?: Record<string, string>; billed?: boolean } = {},
): Promise<World> {
  const home = await mkdtemp(join(tmpdir(), 'mutate-browser-'));
  const [tested, browser] = await Promise.all([startTestService(service), launchBrowser(home, [])]);
  const complaints: string[] = [];
  const newPage = async (options: BrowserContextOptions = {}) => {
    const context = await browser.newContext({ ...options, baseURL: tested.url });
    context.setDefaultTimeout(30_000);
    const page = await context.newPage();
    listen(page, complaints);
    return page;
  };
  return {
    tested,
    rows: (statement) => tested.database.owner.query(statement),
    convert: ({ scene }) => convertSmallFile(tested, scene),
    newPage,
    visit: (options = {}) => visit(tested, newPage, options),
    expectQuiet: () => expect(complaints.splice(0)).toEqual([]),
    excuse: (complaint) => {
      const left = complaints.filter((text) => !complaint.test(text));
      expect(left.length).toBeLessThan(complaints.length);
      complaints.splice(0, Infinity, ...left);
    },
    close: () => closeAll(tested, browser, home),
  };
}

async function convertSmallFile(tested: TestService, scene: Scene): Promise<number> {
  const reply = await tested.fetch(`/v1/workspaces/${scene.organizationId}/conversions`, {
    method: 'POST',
    key: scene.apiKey,
    body: form({ name: 'a.csv', content: 'a,b\n1,2\n' }, { to: 'json' }),
  });
  await reply.arrayBuffer();
  return reply.status;
}

/** A refused request is told in the console by the browser itself, and shown by the page. */
const refusal = /Failed to load resource: the server responded with a status of 4\d\d/;

function listen(page: Page, complaints: string[]): void {
  page.on('pageerror', (error) => complaints.push(error.message));
  page.on('console', (message) => {
    if (!['error', 'warning'].includes(message.type()) || refusal.test(message.text())) return;
    complaints.push(message.text());
  });
}

async function visit(
  tested: TestService,
  newPage: World['newPage'],
  { role = 'owner', superAdmin = false, scene: arrange = (plain) => plain, ...rest }: VisitOptions,
): Promise<Visitor> {
  const built = scenario(tested.database.owner, systemClock).organization();
  const scene = await arrange(built).create();
  const member = [scene.organizationId, role] as const;
  const { browser, email, userId } = await signedIn(tested, { member, superAdmin });
  const page = await newPage(rest);
  const cookies = browser.cookies().split('; ');
  await page.context().addCookies(
    cookies.map((cookie) => {
      const [name = '', value = ''] = cookie.split(/=(.*)/s);
      return { name, value, url: tested.url };
    }),
  );
  return {
    page,
    email,
    userId,
    scene,
    open: async (path) => {
      await page.goto(`/${scene.organizationId}${path === '' ? '' : `/${path}`}`);
      await page.getByRole('heading', { level: 1 }).waitFor();
    },
  };
}

async function closeAll(tested: TestService, browser: Browser, home: string): Promise<void> {
  await browser.close();
  await tested.close();
  await rm(home, { recursive: true, force: true });
}
