import { readFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import path from 'node:path';
import { expect, test } from 'vitest';
import { loadConfig, variableNames } from './config.ts';

/** Name and value of each variable that `.env.example` shows, commented out or not. */
function exampleVariables(): Record<string, string> {
  const text = readFileSync(path.join(loadConfig({}).rootPath, '.env.example'), 'utf8');
  const matches = text.matchAll(/^#?(?<name>[A-Z][A-Z0-9_]*)=(?<value>.*)$/gm);
  return Object.fromEntries(
    matches.map(({ groups }) => [groups?.['name'] ?? '', groups?.['value'] ?? '']),
  );
}

test('.env.example shows exactly the variables that the server reads', () => {
  expect(Object.keys(exampleVariables()).toSorted()).toEqual([...variableNames].toSorted());
});

test('.env.example shows the real defaults', () => {
  const example = exampleVariables();
  expect(loadConfig(example)).toEqual(loadConfig({}));
  // Shown values must be all values that are fixed: each differs when it is changed.
  const shown = Object.keys(example).filter((name) => example[name] !== '');
  const worked = [
    'CONVERSION_PROCESSES',
    'DATABASE_URL',
    'IMPORT_ALLOWED_HOSTS',
    'MAIL_FROM',
    'MUTATE_ADMIN_KEY',
    'MUTATE_DATA_DIR',
    'MUTATE_PROGRAMS',
    'AUTH_SECRET',
    'REDIS_URL',
    'BILLING_MODE',
    'STRIPE_SECRET_KEY',
    'STRIPE_WEBHOOK_SECRET',
    'STRIPE_API_BASE',
    'SMTP_URL',
    'WEBHOOK_ALLOWED_HOSTS',
  ];
  expect([...shown, ...worked, 'PUBLIC_URL'].toSorted()).toEqual([...variableNames].toSorted());
});

test('nothing set gives the documented defaults', () => {
  expect(loadConfig({})).toEqual({
    rootPath: path.resolve(import.meta.dirname, '../../..') + path.sep,
    host: '127.0.0.1',
    port: 3000,
    publicUrl: undefined,
    trustProxyHops: 0,
    role: 'all',
    dataDir: undefined,
    programFolder: null,
    databaseUrl: undefined,
    redisUrl: undefined,
    adminKey: undefined,
    authSecret: undefined,
    signUp: 'open',
    adminSecondFactorRequired: false,
    logLevel: 'info',
    addressRequestsPerMinuteMax: 1000,
    uploadBytesMax: 5_368_709_120,
    queuedPerOrganizationMax: 1000,
    importAllowedHosts: [],
    webhookAllowedHosts: [],
    smtpUrl: undefined,
    mailFrom: undefined,
    leaseSeconds: 20,
    conversionProcessesMax: availableParallelism(),
    unsandboxedAllowed: false,
    billingMode: 'simulator',
    stripeSecretKey: undefined,
    stripeWebhookSecrets: [],
    stripeApiBase: undefined,
    pastDueGraceDays: 7,
  });
});

test('a variable that is set to nothing or blanks counts as not set', () => {
  const blanks = Object.fromEntries(variableNames.map((name) => [name, ' ']));
  expect(loadConfig(blanks)).toEqual(loadConfig({}));
});

test('values come out with their units and in one form', () => {
  const config = loadConfig({
    MAX_UPLOAD_MB: '2',
    PUBLIC_URL: 'https://convert.example.com/',
    MUTATE_DATA_DIR: 'here',
    MUTATE_PROGRAMS: '.',
    DATABASE_URL: 'postgresql:///mutate?host=/run/postgresql',
    REDIS_URL: 'rediss://:secret@cache.example.com:6380/2',
    ALLOW_UNSANDBOXED: '1',
  });
  expect(config).toMatchObject({
    uploadBytesMax: 2_097_152,
    publicUrl: 'https://convert.example.com',
    dataDir: path.resolve('here'),
    programFolder: path.resolve('.'),
    databaseUrl: 'postgresql:///mutate?host=/run/postgresql',
    redisUrl: 'rediss://:secret@cache.example.com:6380/2',
    unsandboxedAllowed: true,
  });
});

test.each<[Record<string, string>, string]>([
  [{}, 'simulator'],
  [{ HOST: '::1', PUBLIC_URL: 'http://localhost:3000' }, 'simulator'],
  [{ HOST: '0.0.0.0' }, 'off'],
  [{ PUBLIC_URL: 'https://convert.example.com' }, 'off'],
  [{ HOST: '0.0.0.0', BILLING_MODE: 'simulator' }, 'simulator'],
  [{ STRIPE_SECRET_KEY: 'sk_test_1' }, 'stripe'],
  [{ STRIPE_SECRET_KEY: 'rk_live_1', HOST: '0.0.0.0' }, 'stripe'],
  [{ STRIPE_SECRET_KEY: 'sk_test_1', BILLING_MODE: 'off' }, 'off'],
])('who bills under %j: %s', (env, mode) => {
  expect(loadConfig(env).billingMode).toBe(mode);
});

test('Stripe without a key is refused; secrets of webhooks may be two', () => {
  expect(() => loadConfig({ BILLING_MODE: 'stripe' })).toThrow(
    'STRIPE_SECRET_KEY must be set, since BILLING_MODE is stripe',
  );
  const { stripeWebhookSecrets } = loadConfig({ STRIPE_WEBHOOK_SECRET: 'whsec_a, whsec_b' });
  expect(stripeWebhookSecrets).toEqual(['whsec_a', 'whsec_b']);
});

test('every wrong variable is named in one error, with what it may be', () => {
  const wrong = {
    PORT: '65536',
    MUTATE_ROLE: 'boss',
    MUTATE_PROGRAMS: '/nowhere/at/all',
    LEASE_SECONDS: '1.5',
    MAX_UPLOAD_MB: '0x10',
    PUBLIC_URL: 'ftp://example.com',
    HOST: 'a b',
    ALLOW_UNSANDBOXED: 'yes',
  };
  expect(() => loadConfig(wrong)).toThrow(
    [
      'These environment variables are not right:',
      '  HOST must be an IP address or a host name',
      '  PORT must be a whole number from 0 to 65535',
      '  PUBLIC_URL must be a URL such as https://convert.example.com',
      '  MUTATE_ROLE must be one of all, server, worker',
      '  MUTATE_PROGRAMS must be a folder that is there',
      '  MAX_UPLOAD_MB must be a whole number from 1 to 1048576',
      '  LEASE_SECONDS must be a whole number from 1 to 3600',
      '  ALLOW_UNSANDBOXED must be one of 0, 1',
    ].join('\n'),
  );
});

test('an error never repeats a secret', () => {
  const secrets = {
    DATABASE_URL: 'mysql://u:hunter2@h/d',
    REDIS_URL: 'http://u:hunter2@h',
    MUTATE_ADMIN_KEY: 'hunter2',
    STRIPE_SECRET_KEY: 'hunter2',
    STRIPE_WEBHOOK_SECRET: 'hunter2',
  };
  expect(() => loadConfig(secrets)).toThrow(
    /^(?![\s\S]*hunter2)[\s\S]*DATABASE_URL[\s\S]*REDIS_URL[\s\S]*ADMIN_KEY/,
  );
});

test('the configuration cannot be changed', () => {
  const config = loadConfig({});
  expect(Object.isFrozen(config)).toBe(true);
  const objects = Object.values(config).filter((value) => typeof value === 'object');
  expect(objects.every((value) => Object.isFrozen(value))).toBe(true);
});
