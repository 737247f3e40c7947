/** Where the holder of a card has to agree, and where they go afterwards. */
export interface NextAction {
  readonly type: 'redirect_to_url';
  readonly redirect_to_url: { readonly url: string; readonly return_url: string | null };
}

export function redirectTo(url: string, returnUrl: string | null): NextAction {
  return { type: 'redirect_to_url', redirect_to_url: { url, return_url: returnUrl } };
}

/** The caller's page to go back to, where an intent waits and knows one. */
export function returnUrlOf(nextAction: unknown): string | null {
  return (nextAction as NextAction | null)?.redirect_to_url.return_url ?? null;
}

/** Adds the page to go back to, where the intent waits for its holder. */
export function setReturnUrl(
  intent: { next_action: unknown },
  returnUrl: string | undefined,
): void {
  const action = intent.next_action as NextAction | null;
  if (action === null || returnUrl === undefined) return;
  intent.next_action = redirectTo(action.redirect_to_url.url, returnUrl);
}
