import { BlockList, isIP } from 'node:net';

interface AddressRange {
  readonly address: string;
  readonly family: 'ipv4' | 'ipv6';
  /** null: the address alone. */
  readonly prefixBits: number | null;
}

function parseAddressRange(text: string): AddressRange | null {
  const [address = '', prefix, ...rest] = text.split('/');
  const version = isIP(address);
  // A zone (fe80::1%eth0) means something on one machine only.
  if (version === 0 || rest.length > 0 || address.includes('%')) return null;
  const family = version === 4 ? 'ipv4' : 'ipv6';
  if (prefix === undefined) return { address, family, prefixBits: null };
  const prefixBits = /^\d{1,3}$/.test(prefix) ? Number(prefix) : Infinity;
  return prefixBits <= (version === 4 ? 32 : 128) ? { address, family, prefixBits } : null;
}

/** Whether a text is an IP address (`203.0.113.7`, `2001:db8::1`) or a CIDR range of either kind. */
export function isAddressRange(text: string): boolean {
  return parseAddressRange(text) !== null;
}

/** Tells whether an address lies in one of the ranges; `::ffff:203.0.113.7` is the IPv4 address. */
export function addressMatcher(ranges: readonly string[]): (address: string) => boolean {
  const list = new BlockList();
  for (const text of ranges) {
    const range = parseAddressRange(text);
    if (range === null) continue;
    if (range.prefixBits === null) list.addAddress(range.address, range.family);
    else list.addSubnet(range.address, range.prefixBits, range.family);
  }
  return (address) => {
    const version = isIP(address);
    return version !== 0 && list.check(address, version === 4 ? 'ipv4' : 'ipv6');
  };
}

/** Whether all of a range lies in one of the ranges, of its own family. */
export function isWithinRanges(text: string, ranges: readonly string[]): boolean {
  const inner = parseAddressRange(text);
  if (inner === null) return false;
  return ranges.some((range) => {
    const outer = parseAddressRange(range);
    if (outer?.family !== inner.family) return false;
    const widest = inner.family === 'ipv4' ? 32 : 128;
    const isNarrower = (outer.prefixBits ?? widest) <= (inner.prefixBits ?? widest);
    return isNarrower && addressMatcher([range])(inner.address);
  });
}
