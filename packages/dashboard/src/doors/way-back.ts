/** Where somebody wanted to go before they had to sign in; only ever a page of ours. */
export function wayBack(search: URLSearchParams): string {
  const from = search.get('from') ?? '/';
  return /^\/(?![/\\])/.test(from) ? from : '/';
}
