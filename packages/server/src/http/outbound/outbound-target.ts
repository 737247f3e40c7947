import { lookup, Resolver as DnsResolver } from 'node:dns/promises';
import { isIP } from 'node:net';
import { isPublicAddress } from './public-address.ts';

/** A URL that somebody else gave is not one that we connect to. The message tells nothing of why. */
export class TargetRefused extends Error {
  constructor() {
    super('must be the http or https URL of a public host, without a user name, on a usual port');
    this.name = 'TargetRefused';
  }
}

export interface Address {
  readonly address: string;
  readonly family: 4 | 6;
}

/** All addresses of a host name; `isTrusted` where the operator named the host. */
export type Resolver = (hostname: string, isTrusted: boolean) => Promise<readonly Address[]>;

export interface TargetRules {
  /** Hosts that the operator trusts, `name` or `name:port`, in lower case: they may be private. */
  readonly allowedHosts: readonly string[];
  readonly resolve: Resolver;
  /** Whether http is for the trusted hosts alone. */
  readonly httpsOnly?: boolean;
}

/** A URL with the addresses it stands for; whoever connects must use these and resolve no more. */
export interface Target {
  readonly url: URL;
  readonly addresses: readonly [Address, ...Address[]];
}

const usualPorts = new Set(['', '80', '443', '8080', '8443']);
const urlLengthMax = 2_048;

/**
 * Trusted names as the system knows them. All others by DNS alone: without this machine's hosts file
 * and search domains, and without its threads, which a slow name server could otherwise occupy.
 */
export const systemResolver: Resolver = async (hostname, isTrusted) => {
  if (isTrusted) return (await lookup(hostname, { all: true })) as Address[];
  const resolver = new DnsResolver({ timeout: 3_000, tries: 2 });
  const [v4, v6] = await Promise.allSettled([
    resolver.resolve4(hostname),
    resolver.resolve6(hostname),
  ]);
  return [
    ...(v4.status === 'fulfilled' ? v4.value : []).map(
      (address) => ({ address, family: 4 }) as const,
    ),
    ...(v6.status === 'fulfilled' ? v6.value : []).map(
      (address) => ({ address, family: 6 }) as const,
    ),
  ];
};

/**
 * Checks a URL that came from outside and resolves its host, once. Every address must be public: one
 * that is not speaks against the whole name. A name that cannot be resolved is refused in the same
 * words, so that nobody can ask us which names our network knows.
 *
 * @throws TargetRefused
 */
export async function resolveTarget(text: string, rules: TargetRules): Promise<Target> {
  const url = parseTargetUrl(text);
  const hostname = url.hostname.replace(/^\[|\]$/g, '');
  const isAllowed = isAllowedHost(url, hostname, rules.allowedHosts);
  if (!isAllowed) refuseUnusual(url, rules);
  const addresses = await resolveHost(hostname, isAllowed, rules.resolve);
  const [first, ...more] = addresses;
  if (first === undefined) throw new TargetRefused();
  if (!isAllowed && !addresses.every(({ address }) => isPublicAddress(address))) {
    throw new TargetRefused();
  }
  return { url, addresses: [first, ...more] };
}

/**
 * What can be told of a URL that will be connected to later, without asking anybody: besides what
 * `resolveTarget` looks at, names that are never public. @throws TargetRefused
 */
export function checkTarget(text: string, rules: Omit<TargetRules, 'resolve'>): void {
  const url = parseTargetUrl(text);
  const hostname = url.hostname.replace(/^\[|\]$/g, '');
  if (isAllowedHost(url, hostname, rules.allowedHosts)) return;
  refuseUnusual(url, rules);
  const isPublic = isIP(hostname) === 0 ? isPublicName(hostname) : isPublicAddress(hostname);
  if (!isPublic) throw new TargetRefused();
}

function refuseUnusual(url: URL, rules: Omit<TargetRules, 'resolve'>): void {
  const isHttpRefused = rules.httpsOnly === true && url.protocol !== 'https:';
  if (isHttpRefused || !usualPorts.has(url.port)) throw new TargetRefused();
}

/** Top-level names that no public name server knows (RFC 6761, 6762, 8375, 9476; ICANN's `internal`). */
const privateNames = /(?:^|\.)(?:localhost|local|internal|home\.arpa|test|invalid|alt|onion)\.?$/;

function isPublicName(hostname: string): boolean {
  return hostname.replace(/\.$/, '').includes('.') && !privateNames.test(hostname);
}

/** What can be seen without resolving anything. @throws TargetRefused */
export function parseTargetUrl(text: string): URL {
  // The WHATWG parser turns every spelling of an IPv4 address (octal, hexadecimal, short, one
  // number, full-width digits) into the usual one.
  const url = text.length <= urlLengthMax && URL.canParse(text) ? new URL(text) : null;
  const isHttp = url?.protocol === 'http:' || url?.protocol === 'https:';
  if (url === null || !isHttp || url.username !== '' || url.password !== '') {
    throw new TargetRefused();
  }
  url.hash = '';
  return url;
}

function isAllowedHost(url: URL, hostname: string, allowed: readonly string[]): boolean {
  const port = url.port || (url.protocol === 'https:' ? '443' : '80');
  const names = [hostname, url.hostname];
  return names.some((name) => allowed.includes(name) || allowed.includes(`${name}:${port}`));
}

async function resolveHost(
  hostname: string,
  isTrusted: boolean,
  resolve: Resolver,
): Promise<readonly Address[]> {
  const family = isIP(hostname);
  if (family !== 0) return [{ address: hostname, family: family === 4 ? 4 : 6 }];
  return resolve(hostname, isTrusted).catch(() => []);
}
