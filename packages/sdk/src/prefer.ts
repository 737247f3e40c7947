/** How long a caller wants to wait for the result, as RFC 7240 says it. */
export function preferHeader(input: {
  wait?: number | undefined;
  respondAsync?: boolean | undefined;
}): Record<string, string> {
  const wishes: string[] = [];
  if (input.respondAsync === true) wishes.push('respond-async');
  if (input.wait !== undefined) wishes.push(`wait=${Math.ceil(input.wait)}`);
  return wishes.length === 0 ? {} : { prefer: wishes.join(', ') };
}
