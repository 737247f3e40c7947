import { invalidRequest } from '../../http/validation.ts';
import type { BillingDeps } from '../deps.ts';

/**
 * Where a hosted page leads back to: through us, so that what was done there is known here at once,
 * and on to a page of this service. No other address is taken, or a link of ours would lead anywhere.
 *
 * @throws AppError `invalid_request` for a return address elsewhere
 */
export function returnUrls(
  deps: BillingDeps,
  returnUrl: string | undefined,
): { success_url: string; cancel_url: string } {
  const to = pathOfReturn(deps, returnUrl);
  const back = `${deps.publicUrl}/billing/return?session_id={CHECKOUT_SESSION_ID}`;
  const onward = to === '/' ? '' : `&to=${encodeURIComponent(to)}`;
  return { success_url: `${back}${onward}`, cancel_url: `${deps.publicUrl}${to}` };
}

/** Path and query of an address of ours. @throws AppError `invalid_request` */
export function pathOfReturn(deps: BillingDeps, returnUrl: string | undefined): string {
  if (returnUrl === undefined) return '/';
  const { origin } = new URL(deps.publicUrl);
  const url = URL.canParse(returnUrl, origin) ? new URL(returnUrl, origin) : null;
  // A browser takes a path that begins with two slashes for another host.
  if (url?.origin === origin && !url.pathname.startsWith('//')) {
    return `${url.pathname}${url.search}${url.hash}`;
  }
  throw invalidRequest([
    { pointer: '/body/return_url', detail: `must be an address below ${deps.publicUrl}` },
  ]);
}
