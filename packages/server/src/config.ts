import { statSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { z } from 'zod';
import { OperatorError } from './db/operator-error.ts';
import { parseSender } from './http/mail-address.ts';

const bytesPerMegabyte = 1_048_576;

/** A whole number in a range; the text tells the operator the range. */
function wholeNumber(min: number, max: number, byDefault: number) {
  const text = `must be a whole number from ${min} to ${max}`;
  return z
    .string()
    .regex(/^\d{1,15}$/, text)
    .transform(Number)
    .pipe(z.number().min(min, text).max(max, text))
    .default(byDefault);
}

function oneOf<const Values extends readonly [string, ...string[]]>(
  values: Values,
  byDefault: Values[number],
) {
  return z.enum(values, `must be one of ${values.join(', ')}`).default(byDefault);
}

function urlOf(protocols: RegExp, text: string) {
  return z.url({ protocol: protocols, error: text }).optional();
}

function isFolder(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() === true;
}

function hostList() {
  const text = 'must be host names, with a port or without, separated by commas';
  return z
    .string()
    .regex(/^[\w.:[\]-]+(?:\s*,\s*[\w.:[\]-]+)*$/, text)
    .optional();
}

const environment = z.object({
  HOST: z
    .string()
    .regex(/^[\w.:-]+$/, 'must be an IP address or a host name')
    .default('127.0.0.1'),
  PORT: wholeNumber(0, 65_535, 3000),
  PUBLIC_URL: urlOf(/^https?$/, 'must be a URL such as https://convert.example.com'),
  TRUST_PROXY_HOPS: wholeNumber(0, 10, 0),
  MUTATE_ROLE: oneOf(['all', 'server', 'worker'], 'all'),
  MUTATE_DATA_DIR: z.string().optional(),
  MUTATE_PROGRAMS: z
    .string()
    .transform((path) => resolve(path))
    .refine(isFolder, 'must be a folder that is there')
    .optional(),
  DATABASE_URL: urlOf(
    /^postgres(?:ql)?$/,
    'must be a URL such as postgres://user:password@host:5432/database',
  ),
  REDIS_URL: urlOf(/^rediss?$/, 'must be a URL such as redis://user:password@host:6379'),
  MUTATE_ADMIN_KEY: z
    .string()
    .regex(/^[\x21-\x7e]{12,255}$/, 'must be 12 to 255 visible ASCII characters without spaces')
    .optional(),
  AUTH_SECRET: z
    .string()
    .regex(/^[\x21-\x7e]{32,255}$/, 'must be 32 to 255 visible ASCII characters without spaces')
    .optional(),
  SIGN_UP: oneOf(['open', 'invited', 'closed'], 'open'),
  ADMIN_SECOND_FACTOR: oneOf(['optional', 'required'], 'optional'),
  LOG_LEVEL: oneOf(['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'], 'info'),
  RATE_LIMIT_PER_ADDRESS: wholeNumber(1, 1_000_000, 1000),
  MAX_UPLOAD_MB: wholeNumber(1, 1_048_576, 5120),
  QUEUED_PER_ORGANIZATION_MAX: wholeNumber(1, 1_000_000, 1000),
  IMPORT_ALLOWED_HOSTS: hostList(),
  SMTP_URL: urlOf(
    /^smtps?$/,
    'must be a URL such as smtp://user:password@host:587 or smtps://host',
  ),
  MAIL_FROM: z
    .string()
    .refine(
      (text) => parseSender(text) !== null,
      'must be an address such as mail@example.com, or Mutate <mail@example.com>',
    )
    .optional(),
  WEBHOOK_ALLOWED_HOSTS: hostList(),
  LEASE_SECONDS: wholeNumber(1, 3600, 20),
  CONVERSION_PROCESSES: wholeNumber(1, 1024, availableParallelism()),
  ALLOW_UNSANDBOXED: oneOf(['0', '1'], '0'),
  BILLING_MODE: z
    .enum(['stripe', 'simulator', 'off'], 'must be one of stripe, simulator, off')
    .optional(),
  STRIPE_SECRET_KEY: z
    .string()
    .regex(/^[sr]k_(?:test|live)_\w+$/, 'must be a secret or restricted key of Stripe (sk_…, rk_…)')
    .optional(),
  STRIPE_WEBHOOK_SECRET: z
    .string()
    .regex(
      /^whsec_[^\s,]+(?:\s*,\s*whsec_[^\s,]+)*$/,
      'must be signing secrets (whsec_…), separated by commas',
    )
    .optional(),
  STRIPE_API_BASE: urlOf(/^https?$/, 'must be a URL such as https://api.stripe.com'),
  PAST_DUE_GRACE_DAYS: wholeNumber(0, 365, 7),
});

const consistent = environment
  .refine((env) => env.BILLING_MODE !== 'stripe' || env.STRIPE_SECRET_KEY !== undefined, {
    path: ['STRIPE_SECRET_KEY'],
    error: 'must be set, since BILLING_MODE is stripe',
  })
  .refine((env) => env.SMTP_URL === undefined || env.MAIL_FROM !== undefined, {
    path: ['MAIL_FROM'],
    error: 'must be set where SMTP_URL is: whom mails come from',
  });

/** Every variable that the server reads. */
export const variableNames: readonly string[] = Object.keys(environment.shape);

/** The settings of one process; frozen. What is undefined was not set and has no default here. */
export type Config = ReturnType<typeof toConfig>;

/**
 * Reads the environment once, at the start of the process. A variable that is set to nothing counts
 * as not set, as `PORT=` in an env file means.
 *
 * @throws OperatorError that names every variable which is wrong, with what it may be
 */
export function loadConfig(
  env: Readonly<Record<string, string | undefined>> = process.env,
): Config {
  const given = Object.fromEntries(
    Object.entries(env)
      .map(([name, value]) => [name, value?.trim()] as const)
      .filter(([, value]) => value !== undefined && value !== ''),
  );
  const parsed = consistent.safeParse(given);
  if (parsed.success) return toConfig(parsed.data);
  // The values stay out of it: some of them are secrets, and the message ends up in a log.
  const lines = parsed.error.issues.map((issue) => `  ${issue.path.join('.')} ${issue.message}`);
  throw new OperatorError(
    `These environment variables are not right:\n${[...new Set(lines)].join('\n')}`,
  );
}

function toConfig(env: z.infer<typeof environment>) {
  return Object.freeze({
    /** Absolute path of the clone. */
    rootPath: fileURLToPath(new URL('../../../', import.meta.url)),
    host: env.HOST,
    /** 0: any free port. */
    port: env.PORT,
    /** Without a slash at its end. */
    publicUrl: env.PUBLIC_URL?.replace(/\/+$/, ''),
    /** How many proxies stand in front of us and may be believed about the client's address. */
    trustProxyHops: env.TRUST_PROXY_HOPS,
    role: env.MUTATE_ROLE,
    /** Absolute. */
    dataDir: env.MUTATE_DATA_DIR === undefined ? undefined : resolve(env.MUTATE_DATA_DIR),
    /** Absolute; programs of the operator's own, laid out as `/` is. */
    programFolder: env.MUTATE_PROGRAMS ?? null,
    databaseUrl: env.DATABASE_URL,
    /** Where rate limits are counted; undefined: in PostgreSQL. */
    redisUrl: env.REDIS_URL,
    adminKey: env.MUTATE_ADMIN_KEY,
    /** What signs and seals: see secrets.ts. */
    authSecret: env.AUTH_SECRET,
    signUp: env.SIGN_UP,
    /** Whether super admins who sign in need a second factor even before they have set one up. */
    adminSecondFactorRequired: env.ADMIN_SECOND_FACTOR === 'required',
    logLevel: env.LOG_LEVEL,
    /** Anonymous and failed requests that one address may make. */
    addressRequestsPerMinuteMax: env.RATE_LIMIT_PER_ADDRESS,
    /** The bound of plans that have none. */
    uploadBytesMax: env.MAX_UPLOAD_MB * bytesPerMegabyte,
    queuedPerOrganizationMax: env.QUEUED_PER_ORGANIZATION_MAX,
    /** Hosts that files may be fetched from although they are private: `name` or `name:port`. */
    importAllowedHosts: listOf(env.IMPORT_ALLOWED_HOSTS),
    /** Undefined: mails stay in the database. */
    smtpUrl: env.SMTP_URL,
    mailFrom: env.MAIL_FROM,
    /** Hosts that webhooks may go to although they are private, or by http. */
    webhookAllowedHosts: listOf(env.WEBHOOK_ALLOWED_HOSTS),
    leaseSeconds: env.LEASE_SECONDS,
    /** Converters that run side by side in this process's care. */
    conversionProcessesMax: env.CONVERSION_PROCESSES,
    unsandboxedAllowed: env.ALLOW_UNSANDBOXED === '1',
    billingMode: billingModeOf(env),
    stripeSecretKey: env.STRIPE_SECRET_KEY,
    /** Several while one is being replaced by another. */
    stripeWebhookSecrets: Object.freeze(env.STRIPE_WEBHOOK_SECRET?.split(/\s*,\s*/) ?? []),
    /** Undefined: Stripe's own, or the simulator of this process. */
    stripeApiBase: env.STRIPE_API_BASE?.replace(/\/+$/, ''),
    /** How long a plan lasts after a renewal was not paid. */
    pastDueGraceDays: env.PAST_DUE_GRACE_DAYS,
  });
}

/**
 * A key means Stripe. Without one a server that only this machine reaches simulates, and any other
 * bills nobody: a simulator stands in front of customers only where somebody says so.
 */
function billingModeOf(env: z.infer<typeof environment>): 'stripe' | 'simulator' | 'off' {
  if (env.BILLING_MODE !== undefined) return env.BILLING_MODE;
  if (env.STRIPE_SECRET_KEY !== undefined) return 'stripe';
  const { HOST: host, PUBLIC_URL: url } = env;
  const hosts = url === undefined ? [host] : [host, new URL(url).hostname];
  return hosts.every((name) => /^(?:localhost|127(?:\.\d+){3}|\[?::1\]?)$/.test(name))
    ? 'simulator'
    : 'off';
}

/** The entries of a comma-separated list, in lower case; frozen. */
function listOf(text: string | undefined): readonly string[] {
  return Object.freeze(
    (text ?? '')
      .toLowerCase()
      .split(/[,\s]+/)
      .filter(Boolean),
  );
}
