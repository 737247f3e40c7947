import type { FastifyReply } from 'fastify';
import { RateLimiterMemory } from 'rate-limiter-flexible';
import { AppError } from '../../errors.ts';
import type { RateLimiter, RateLimitResult } from '../ports.ts';

/** Every limit is of a minute. */
export const windowSeconds = 60;

/** Counts in this process's memory: right for tests, and while no shared store answers. */
export function createMemoryRateLimiter(): RateLimiter {
  // The bound comes with every call, because it is the key's; so this one never refuses.
  const counter = new RateLimiterMemory({
    points: Number.MAX_SAFE_INTEGER,
    duration: windowSeconds,
  });
  return {
    async consume(key, perMinute) {
      const { consumedPoints, msBeforeNext } = await counter.consume(key);
      return {
        allowed: consumedPoints <= perMinute,
        limit: perMinute,
        remaining: Math.max(0, perMinute - consumedPoints),
        resetSeconds: Math.max(1, Math.ceil(msBeforeNext / 1000)),
      };
    },
  };
}

/**
 * The fields of draft-ietf-httpapi-ratelimit-headers-10 (structured fields: a policy's name, then
 * quota and window, or what remains and when it is renewed) and their widespread forerunners.
 */
export function setRateLimitHeaders(reply: FastifyReply, policy: string, result: RateLimitResult) {
  const { limit, remaining, resetSeconds } = result;
  reply.headers({
    'ratelimit-policy': `"${policy}";q=${limit};w=${windowSeconds}`,
    ratelimit: `"${policy}";r=${remaining};t=${resetSeconds}`,
    'x-ratelimit-limit': limit,
    'x-ratelimit-remaining': remaining,
    'x-ratelimit-reset': resetSeconds,
  });
}

/** @param whose what the limit is of, for the message */
export function rateLimited(whose: string, { limit, resetSeconds }: RateLimitResult): AppError {
  const message =
    `${whose} may make ${limit} requests a minute. ` +
    `Wait ${resetSeconds} second${resetSeconds === 1 ? '' : 's'} before the next one.`;
  return new AppError('rate_limited', message, {
    details: { limit },
    retryAfterSeconds: resetSeconds,
  });
}
