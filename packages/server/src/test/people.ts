import { createHmac, hash, randomBytes } from 'node:crypto';
import { hashPassword } from '../accounts/password.ts';
import { loginSecret } from '../accounts/session-authenticator.ts';
import { sql } from '../db/sql.ts';
import type { Role } from '../http/role.ts';
import { newId } from '../ids.ts';
import { createSecrets } from '../secrets.ts';
import { testAuthSecret, type TestService } from './service.ts';

/** A person's browser: it keeps cookies and names its origin. */
export interface Browser {
  /** `call('POST /api/auth/sign-in/email', {…})`; `path` begins with `/`. */
  call(
    request: `${string} /${string}`,
    body?: unknown,
    headers?: Record<string, string>,
  ): Promise<BrowserReply>;
  /** The Cookie header it would send. */
  cookies(): string;
}

export interface BrowserReply {
  readonly status: number;
  readonly headers: Headers;
  readonly body: Record<string, unknown>;
}

export function openBrowser(tested: TestService, cookie?: string): Browser {
  const jar = new Map<string, string>();
  const [, ownName = '', ownValue = ''] = /^([^=]+)=(.*)$/.exec(cookie ?? '') ?? [];
  if (ownName !== '') jar.set(ownName, ownValue);
  const cookies = () => [...jar].map(([name, value]) => `${name}=${value}`).join('; ');
  return {
    cookies,
    async call(request, body, headers = {}) {
      const [method = '', path = ''] = request.split(' ');
      const response = await tested.fetch(path, {
        method,
        redirect: 'manual',
        headers: {
          origin: tested.url,
          ...(jar.size === 0 ? {} : { cookie: cookies() }),
          ...(body === undefined ? {} : { 'content-type': 'application/json' }),
          ...headers,
        },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      });
      for (const line of response.headers.getSetCookie()) {
        const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(line) ?? [];
        if (value === '' || /max-age=0/i.test(line)) jar.delete(name);
        else jar.set(name, value);
      }
      const text = await response.text();
      const json = /[/+]json/.test(response.headers.get('content-type') ?? '');
      const parsed = json && text !== '' ? (JSON.parse(text) as Record<string, unknown>) : {};
      return { status: response.status, headers: response.headers, body: parsed };
    },
  };
}

/** The link of the newest mail to this address, wherever on its way the mail is. */
export async function linkMailedTo(tested: TestService, email: string): Promise<string> {
  const [row] = await tested.database.owner.query<{ place: string; link: string }>(
    sql`SELECT '' AS place, payload ->> 'url' AS link, created_at AS at FROM outbox
        WHERE payload ->> 'recipient_email' = ${email} AND processed_at IS NULL
      UNION ALL
      SELECT format('mail_messages:%s:%s', organization_id, id), link_sealed, created_at
        FROM mail_messages WHERE recipient_email = ${email} AND link_sealed IS NOT NULL
      ORDER BY at DESC LIMIT 1`,
  );
  if (row === undefined) throw new Error(`no mail waits for ${email}`);
  if (row.place === '') return row.link;
  return createSecrets(testAuthSecret).open(row.link, row.place) ?? 'a link that cannot be read';
}

/** How often the login with this address was claimed by who proved it, as the audit log has it. */
export async function claimsOf(tested: TestService, email: string): Promise<number> {
  const claims = await tested.database.owner.query(
    sql`SELECT FROM audit_log a JOIN "user" u ON u.id = a.target_id
      WHERE u.email = ${email} AND a.action = 'user.login_claimed'`,
  );
  return claims.length;
}

export const testPassword = 'correct horse battery';

let passwordHash: Promise<string> | undefined;

export interface PersonOptions {
  readonly email?: string;
  readonly superAdmin?: boolean;
  /** Signed in with it. */
  readonly secondFactor?: boolean;
  readonly member?: readonly [organizationId: string, role: Role];
}

/** A user with a verified address and `testPassword`; answers the address. */
export async function makeUser(
  tested: TestService,
  options: PersonOptions & { userId?: string } = {},
): Promise<string> {
  const { email = `${randomBytes(6).toString('hex')}@example.com` } = options;
  const { userId = newId('usr', Date.now()) } = options;
  const { owner } = tested.database;
  passwordHash ??= hashPassword(testPassword);
  await owner.query(sql`INSERT INTO "user" (id, name, email, email_verified, role, created_at,
      updated_at)
    VALUES (${userId}, 'Ada Lovelace', ${email}, true,
      ${options.superAdmin === true ? 'admin' : 'user'}, now(), now())`);
  await owner.query(sql`INSERT INTO account (id, user_id, provider_id, account_id, password,
      created_at, updated_at)
    VALUES (${newId('acc', Date.now())}, ${userId}, 'credential', ${userId},
      ${await passwordHash}, now(), now())`);
  if (options.member !== undefined) await addMember(tested, userId, ...options.member);
  return email;
}

/** The same, signed in. */
export async function signedIn(
  tested: TestService,
  options: PersonOptions = {},
): Promise<{ browser: Browser; userId: string; email: string }> {
  const userId = newId('usr', Date.now());
  const email = await makeUser(tested, { ...options, userId });
  // Not by signing in: a password takes its time.
  const token = randomBytes(16).toString('hex');
  await tested.database.owner.query(sql`INSERT INTO session (id, user_id, token_hash, expires_at,
      two_factor_passed, created_at, updated_at)
    VALUES (${newId('ses', Date.now())}, ${userId}, ${hash('sha256', token)},
      now() + interval '14 days', ${options.secondFactor === true}, now(), now())`);
  const secret = loginSecret(createSecrets(testAuthSecret));
  const signature = createHmac('sha256', secret).update(token).digest('base64');
  const cookie = `mutate.session_token=${encodeURIComponent(`${token}.${signature}`)}`;
  return { browser: openBrowser(tested, cookie), userId, email };
}

export async function addMember(
  tested: TestService,
  userId: string,
  organizationId: string,
  role: Role,
): Promise<string> {
  const id = newId('mem', Date.now());
  await tested.database.owner.query(sql`INSERT INTO member (organization_id, id, user_id, role,
      created_at) VALUES (${organizationId}, ${id}, ${userId}, ${role}, now())`);
  return id;
}

const base32 = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567';

/** RFC 6238, written anew: what an authenticator app shows for a key. */
export function appCodeOf(secret: string): string {
  const bits = secret.split('').map((digit) => base32.indexOf(digit).toString(2).padStart(5, '0'));
  const bytes = bits.join('').match(/.{8}/g) ?? [];
  const key = Buffer.from(bytes.map((byte) => Number.parseInt(byte, 2)));
  const counter = Buffer.alloc(8);
  counter.writeBigUInt64BE(BigInt(Math.floor(Date.now() / 30_000)));
  const mac = createHmac('sha1', key).update(counter).digest();
  const offset = (mac.at(-1) ?? 0) & 15;
  return String((mac.readUInt32BE(offset) & 0x7fffffff) % 1_000_000).padStart(6, '0');
}
