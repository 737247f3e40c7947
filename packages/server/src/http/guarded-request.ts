import { request as requestHttp, type IncomingMessage, type RequestOptions } from 'node:http';
import { request as requestHttps } from 'node:https';
import type { LookupFunction } from 'node:net';
import { resolveTarget, TargetRefused, type Target, type TargetRules } from './outbound-target.ts';

/** The other end did not answer as it should; `message` may be shown to whoever gave the URL. */
export class TargetFailed extends Error {
  constructor(message: string, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause });
    this.name = 'TargetFailed';
  }
}

export interface GuardedGetOptions extends TargetRules {
  /** Ends everything, the reading of the body included. */
  readonly signal: AbortSignal;
  /** How long the other end may send nothing. */
  readonly idleMsMax: number;
}

const redirectsMax = 5;

/**
 * Gets a URL that somebody else gave, with nothing of ours: no credentials, no cookies, no proxy, no
 * kept connection. Each redirect is checked as the first URL was, and never leaves https.
 *
 * @returns a 200 reply whose body is unread; the URL it came from last
 * @throws TargetRefused, TargetFailed; reading the body may throw TargetFailed's causes
 */
export async function guardedGet(
  text: string,
  options: GuardedGetOptions,
): Promise<{ response: IncomingMessage; url: URL }> {
  let target = await resolveTarget(text, options);
  for (let redirects = 0; ; redirects++) {
    const response = await getOnce(target, options);
    const { statusCode = 0, headers } = response;
    if (statusCode === 200) {
      refuseEncoded(response);
      return { response, url: target.url };
    }
    response.destroy();
    const isRedirect = [301, 302, 303, 307, 308].includes(statusCode);
    if (!isRedirect || headers.location === undefined) {
      throw new TargetFailed(`it answered with status ${statusCode}`);
    }
    if (redirects === redirectsMax) throw new TargetFailed('it redirects too often');
    target = await followRedirect(target.url, headers.location, options);
  }
}

async function followRedirect(from: URL, location: string, rules: TargetRules): Promise<Target> {
  if (!URL.canParse(location, from.href)) throw new TargetFailed('its redirect cannot be read');
  const to = new URL(location, from);
  if (from.protocol === 'https:' && to.protocol !== 'https:') throw new TargetRefused();
  return resolveTarget(to.href, rules);
}

function getOnce(target: Target, { signal, idleMsMax }: GuardedGetOptions) {
  const { url, addresses } = target;
  const request = url.protocol === 'https:' ? requestHttps : requestHttp;
  const options: RequestOptions = {
    method: 'GET',
    // A fresh agent for this request: nothing is pooled, and no proxy is read from the environment.
    agent: false,
    signal,
    lookup: pinnedLookup(addresses),
    headers: { accept: '*/*', 'accept-encoding': 'identity', 'user-agent': 'Mutate' },
  };
  return new Promise<IncomingMessage>((resolve, reject) => {
    const sent = request(url, options);
    sent.setTimeout(idleMsMax, () => sent.destroy(new Error('nothing came for too long')));
    // Listened to for good: an error that nobody hears, however late, would end the process.
    sent.once('response', (response) => {
      response.on('error', () => undefined);
      resolve(response);
    });
    sent.on('error', (error) => reject(new TargetFailed('it could not be reached', error)));
    sent.end();
  });
}

/** Answers what was checked, whatever the name stands for by now (DNS rebinding). */
function pinnedLookup(addresses: Target['addresses']): LookupFunction {
  return (_hostname, options, done) => {
    const [first] = addresses;
    if (options.all === true) done(null, [...addresses]);
    else done(null, first.address, first.family);
  };
}

/** A compressed reply could inflate to anything, and its file would not be the one meant. */
function refuseEncoded(response: IncomingMessage): void {
  const encoding = response.headers['content-encoding'] ?? 'identity';
  if (encoding.trim().toLowerCase() === 'identity') return;
  response.destroy();
  throw new TargetFailed('it answered with a Content-Encoding that was not asked for');
}
