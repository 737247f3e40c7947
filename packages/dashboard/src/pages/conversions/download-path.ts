/** On this server, whatever name the API gives itself: the session is for this one. */
export function downloadPath(url: string): string {
  const { pathname, search } = new URL(url, globalThis.location.origin);
  return pathname + search;
}
