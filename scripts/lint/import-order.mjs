/**
 * Who may import whom, as data. A path is relative to the root of the repository.
 *
 * @typedef {object} Place
 * @property {string} package e.g. `server`; '' outside `packages`
 * @property {'base' | 'wiring' | 'test' | 'feature' | 'outside'} kind
 * @property {string} name of the feature, or of the file in `src`
 * @property {string} file inside the feature, e.g. `audit.ts`
 */

const chain = ['organizations', 'plans', 'subscriptions', 'metering', 'conversions'];

/** What each feature may import besides itself, the base, and the two doors below. */
const allowedImports = new Map([
  ...chain.map((name, index) => /** @type {const} */ ([name, chain.slice(0, index)])),
  ['reservations', chain.slice(0, chain.indexOf('conversions'))],
  ['billing', chain.slice(0, chain.indexOf('conversions'))],
  ['notifications', ['organizations']],
  ['accounts', ['organizations']],
  ['data-rights', [...chain, 'billing', 'audit']],
  ['audit', []],
  ['analytics', []],
  ['admin', [...chain, 'billing', 'accounts', 'notifications', 'audit', 'analytics']],
]);

/** Every feature but `audit` and `analytics` may write an audit row and queue a message. */
const doors = new Map([
  ['audit', 'audit.ts'],
  ['notifications', 'outbox.ts'],
]);
const withoutDoors = new Set(['audit', 'analytics']);

const baseFolders = new Set(['db', 'http']);
/** What puts the service together; `welcome` is the screen of the first start. */
const wiringPlaces = new Set([
  'app.ts',
  'serve.ts',
  'start-billing.ts',
  'start-conversions.ts',
  'main.ts',
  'doctor.ts',
  'backup.ts',
  'welcome',
]);
/** What only tests import; `proof` is also run by `npm run prove`. */
const testPlaces = new Set(['test', 'proof']);
/** Routes and statements, in whichever room of a feature: `sql.ts`, `overage/sql.ts`, `export-sql.ts`. */
const privateFile = /(?:^|\/)(?:routes|(?:[\w-]+-)?sql)\.ts$/;

/** @param {string} path @returns {Place} */
function placeOf(path) {
  const match = /^packages\/([^/]+)\/src\/(.+)$/.exec(path);
  const [, owner = '', rest = ''] = match ?? [];
  if (owner !== 'server') return { package: owner, kind: 'outside', name: '', file: rest };
  const slash = rest.indexOf('/');
  const name = slash === -1 ? rest : rest.slice(0, slash);
  const place = { package: owner, name, file: rest.slice(slash + 1) };
  if (wiringPlaces.has(name)) return { ...place, kind: 'wiring' };
  if (testPlaces.has(name)) return { ...place, kind: 'test' };
  return { ...place, kind: slash === -1 || baseFolders.has(name) ? 'base' : 'feature' };
}

/** @param {string} path */
export function isTestFile(path) {
  return /\.test\.[cm]?tsx?$/.test(path) || /\/src\/(test|proof)\//.test(path);
}

/**
 * Why one file of the server may not import another, or undefined where it may.
 *
 * @param {string} from path of the importing file
 * @param {string} to path of the imported file
 * @returns {string | undefined}
 */
export function objectionTo(from, to) {
  const [importer, target] = [placeOf(from), placeOf(to)];
  if (isTestFile(from) || importer.package !== 'server' || target.package !== 'server')
    return undefined;
  if (target.kind === 'test') {
    return `Only tests import from ${target.name}/: what it holds must never reach a running server.`;
  }
  if (target.kind === 'wiring' && importer.kind !== 'wiring') {
    return `Nobody imports ${target.name}: it only wires, and what others need belongs in a feature.`;
  }
  if (importer.kind === 'wiring' || target.kind === 'base') return undefined;
  if (importer.kind === 'base') {
    return (
      `${importer.name} lies below the features and may not import ${target.name}: ` +
      'declare an interface here and let app.ts hand in the implementation.'
    );
  }
  return importer.name === target.name ? undefined : objectionBetween(importer, target);
}

/** @param {Place} importer @param {Place} target @returns {string | undefined} */
function objectionBetween(importer, target) {
  if (privateFile.test(target.file)) {
    return (
      `${target.file} is private to ${target.name}: import one of its verbs or its schema, ` +
      'so that a rule keeps one home.'
    );
  }
  const allowed = allowedImports.get(importer.name);
  if (allowed === undefined || !allowedImports.has(target.name)) {
    const unknown = allowed === undefined ? importer.name : target.name;
    return `${unknown} has no place in the import order: add it in scripts/lint/import-order.mjs.`;
  }
  if (allowed.includes(target.name)) return undefined;
  const door = doors.get(target.name);
  if (door !== undefined && !withoutDoors.has(importer.name)) {
    return target.file === door
      ? undefined
      : `Of ${target.name} other features may import ${door} alone: all else is its own affair.`;
  }
  return (
    `${importer.name} may not import ${target.name}: features import one way ` +
    `(${chain.join(' ← ')}), so that each can be read without those above it. ` +
    'Move the shared rule down, or wire it in app.ts.'
  );
}

/** What the code of a package may import by name, beside Node's own modules. */
const packageImports = new Map([
  ['sdk', new Set()],
  ['cli', new Set(['@mutate/sdk'])],
  [
    'dashboard',
    new Set([
      '@mantine/charts',
      '@mantine/core',
      '@mantine/hooks',
      '@mutate/sdk',
      '@tanstack/react-query',
      'react',
      'react-dom',
      'react-router',
      'uqr',
    ]),
  ],
]);

/** `react-dom/client` and `@mantine/core/styles.css` are parts of their packages. */
const packageOf = (/** @type {string} */ specifier) =>
  specifier
    .split('/')
    .slice(0, specifier.startsWith('@') ? 2 : 1)
    .join('/');

/**
 * Why a package may not import a module by its name, or undefined where it may.
 *
 * @param {string} from path of the importing file
 * @param {string} specifier e.g. `@mutate/sdk`, `zod`, `node:fs`
 * @returns {string | undefined}
 */
export function objectionToModule(from, specifier) {
  if (isTestFile(from) || specifier.startsWith('node:')) return undefined;
  const place = placeOf(from);
  if (specifier === 'stripe') return objectionToStripe(from);
  if (specifier.startsWith('@mutate/stripe-sim')) {
    return place.kind === 'wiring'
      ? undefined
      : 'Only wiring starts the simulator: all else talks to it as it would to Stripe.';
  }
  if (place.package === 'server' && specifier.startsWith('@mutate/')) {
    return 'The server is the bottom of the repository: the SDK and the CLI depend on it by HTTP.';
  }
  const allowed = packageImports.get(place.package);
  if (allowed === undefined || allowed.has(packageOf(specifier))) return undefined;
  const what = [...allowed].join(', ') || 'nothing';
  return `packages/${place.package} depends on ${what}, so that it stays small.`;
}

/** @param {string} from */
function objectionToStripe(from) {
  return from.endsWith('/billing/provider/stripe.ts')
    ? undefined
    : 'Only billing/provider/stripe.ts imports stripe: it sets time limits, retries and the pace.';
}

/**
 * Why a file may not reach into another package by path, or undefined where it may.
 *
 * @param {string} from
 * @param {string} to
 * @returns {string | undefined}
 */
export function objectionToPackage(from, to) {
  const [importer, target] = [placeOf(from), placeOf(to)];
  if (isTestFile(from) || importer.package === '' || importer.package === target.package)
    return undefined;
  if (to.startsWith('packages/') && target.package === '') return undefined;
  return `packages/${importer.package} may not reach outside itself by path: import by package name.`;
}
