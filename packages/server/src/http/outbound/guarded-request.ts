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
    const response = await sendOnce(target, {
      ...options,
      method: 'GET',
      headers: { accept: '*/*', 'accept-encoding': 'identity', 'user-agent': userAgent },
    });
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

const userAgent = 'Mutate';

interface SendOptions {
  readonly method: 'GET' | 'POST';
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string;
  readonly signal: AbortSignal;
  readonly idleMsMax: number;
}

function sendOnce(target: Target, { idleMsMax, signal, body, ...given }: SendOptions) {
  const { url, addresses } = target;
  const request = url.protocol === 'https:' ? requestHttps : requestHttp;
  const options: RequestOptions = {
    ...given,
    // A fresh agent for this request: nothing is pooled, and no proxy is read from the environment.
    agent: false,
    signal,
    lookup: pinnedLookup(addresses),
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
    sent.end(body);
  });
}

export interface GuardedPostOptions extends TargetRules {
  /** Ends everything, the reading of the answer included. */
  readonly signal: AbortSignal;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  /** So much of the answer is read, and no more. */
  readonly answerBytesMax: number;
}

export interface PostAnswer {
  readonly status: number;
  /** Its beginning, as text. */
  readonly excerpt: string;
  /** Whole seconds that it asks to be left alone for, where it says so. */
  readonly retryAfterSeconds: number | null;
}

/**
 * Posts to a URL that somebody else gave, with nothing of ours but what is given. No redirect is
 * followed: it would carry the body to a place that nobody named.
 *
 * @throws TargetRefused, TargetFailed
 */
export async function guardedPost(text: string, options: GuardedPostOptions): Promise<PostAnswer> {
  const { headers, body, signal, answerBytesMax } = options;
  const target = await resolveTarget(text, options);
  const response = await sendOnce(target, {
    method: 'POST',
    headers: {
      ...headers,
      'content-length': String(Buffer.byteLength(body)),
      'accept-encoding': 'identity',
      'user-agent': userAgent,
    },
    body,
    signal,
    // The signal ends it.
    idleMsMax: 0,
  });
  const excerpt = await readBeginning(response, answerBytesMax);
  const retryAfter = /^\d{1,6}$/.exec(response.headers['retry-after'] ?? '')?.[0];
  return {
    status: response.statusCode ?? 0,
    excerpt,
    retryAfterSeconds: retryAfter === undefined ? null : Number(retryAfter),
  };
}

/** An answer that breaks off was one all the same: its status had come. */
async function readBeginning(response: IncomingMessage, bytesMax: number): Promise<string> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  try {
    for await (const chunk of response as AsyncIterable<Buffer>) {
      chunks.push(chunk);
      bytes += chunk.length;
      if (bytes >= bytesMax) break;
    }
  } catch {
    // What came is enough.
  } finally {
    response.destroy();
  }
  return Buffer.concat(chunks).subarray(0, bytesMax).toString('utf8');
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
