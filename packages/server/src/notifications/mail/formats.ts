/** An amount in minor units as people read it; `digits` is how many of them are decimals. */
export function formatMoney(amountMinor: number, currency: string, digits: number): string {
  const sign = amountMinor < 0 ? '-' : '';
  const all = String(Math.abs(amountMinor)).padStart(digits + 1, '0');
  const whole = all.slice(0, all.length - digits);
  const decimals = all.slice(all.length - digits);
  return format(`${sign}${whole}${digits === 0 ? '' : `.${decimals}`}`, currency, digits, digits);
}

/** An exact price such as `0.004`, in major units, with all its decimals. */
export function formatPrice(amount: string, currency: string, digits: number): string {
  return format(amount, currency, digits, 12);
}

function format(amount: string, currency: string, digitsMin: number, digitsMax: number): string {
  return new Intl.NumberFormat('en-US', {
    style: 'currency',
    currency: currency.toUpperCase(),
    currencyDisplay: 'narrowSymbol',
    minimumFractionDigits: digitsMin,
    maximumFractionDigits: digitsMax,
  })
    .format(amount as Intl.StringNumericLiteral)
    .concat(symbolIsShared(currency) ? ` ${currency.toUpperCase()}` : '');
}

/** `$1.00` could be one of twenty dollars. */
function symbolIsShared(currency: string): boolean {
  return !['eur', 'gbp'].includes(currency.toLowerCase());
}

export function formatCount(count: number): string {
  return new Intl.NumberFormat('en-US').format(count);
}

/** `31 January 2027 at 11:00 CET`: the workspace's own time. */
export function formatTime(rfc3339: string, timeZone: string): string {
  const at = new Date(rfc3339);
  const day = formatDay(rfc3339, timeZone);
  const time = new Intl.DateTimeFormat('en-GB', {
    timeZone,
    hour: '2-digit',
    minute: '2-digit',
    timeZoneName: 'short',
  }).format(at);
  return `${day} at ${time}`;
}

export function formatDay(rfc3339: string, timeZone: string): string {
  return new Intl.DateTimeFormat('en-GB', { timeZone, dateStyle: 'long' }).format(
    new Date(rfc3339),
  );
}
