/** `a@b.example`, as it may stand in a header: one line, no list, no second address. */
const addressPattern = /^[^\s@<>,;:"()[\]\\]{1,64}@[^\s@<>,;:"()[\]\\]{1,255}$/u;

/** Whether a mail can go there. What is no address was never meant to be one. */
export function isMailAddress(text: string): boolean {
  return addressPattern.test(text) && !/\p{Cc}/u.test(text);
}

/** Of `Name <mail@example.com>` or `mail@example.com`; null where it is neither. */
export function parseSender(text: string): { name: string; address: string } | null {
  const match = /^(?:([^<>\p{Cc}]*)<([^<>]+)>|([^<>\s]+))$/u.exec(text.trim());
  const address = (match?.[2] ?? match?.[3] ?? '').trim();
  if (!isMailAddress(address)) return null;
  return { name: (match?.[1] ?? '').trim().replaceAll(/^"|"$/g, ''), address };
}

export function domainOf(sender: string): string {
  return parseSender(sender)?.address.split('@')[1] ?? 'localhost';
}
