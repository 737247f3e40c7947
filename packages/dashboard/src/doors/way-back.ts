/** Where somebody wanted to go before they had to sign in; only ever a page of ours. */
export function wayBack(search: URLSearchParams): string {
  const from = search.get('from') ?? '/';
  return /^\/(?![/\\])/.test(from) ? from : '/';
}

/** What to say to who comes from a mailed link that did not work; null for all others. */
export function linkTrouble(search: URLSearchParams): string | null {
  const reason = new URL(wayBack(search), 'http://here').searchParams.get('error');
  if (reason === null) return null;
  return troubles[reason] ?? 'That link did not work. Sign in, and ask for another one.';
}

const troubles: Readonly<Record<string, string>> = {
  SIGN_IN_FIRST:
    'Sign in to the account that is to have this address, then open the link in its mail again.',
  LINK_USED: 'That link was used already, or a newer one was sent. If you have used it, sign in.',
  TOKEN_EXPIRED: 'That link is too old. Sign in, and another one is sent.',
  EMAIL_TAKEN: 'Another account has that address by now.',
  INVALID_USER: 'That link is of another account than you are signed in with.',
};
