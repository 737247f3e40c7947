/**
 * The payment provider's list (docs.stripe.com/currencies), which is neither ISO's nor the
 * runtime's. `minor_unit_exponent.sql` and `round_to_minor.sql` have the same for what is computed.
 */
const withoutMinorUnit = new Set(
  'bif clp djf gnf jpy kmf krw mga pyg rwf vnd vuv xaf xof xpf'.split(' '),
);
const withThousandths = new Set('bhd jod kwd omr tnd'.split(' '));

/** Digits after the point in the currency's minor units. */
export function minorDigits(currency: string): number {
  if (withoutMinorUnit.has(currency)) return 0;
  return withThousandths.has(currency) ? 3 : 2;
}

/** What an amount in minor units must be a multiple of: 10 where it ends in 0, 100 in 00. */
export function minorStep(currency: string): number {
  if (withThousandths.has(currency)) return 10;
  return currency === 'isk' || currency === 'ugx' ? 100 : 1;
}

/** Minor units for people: `1,234.50 USD`, `2,900 JPY`, `0.490 KWD`. */
export function showMinor(amountMinor: number, currency: string): string {
  const digits = minorDigits(currency);
  const text = String(Math.abs(amountMinor)).padStart(digits + 1, '0');
  const whole = Number(text.slice(0, text.length - digits)).toLocaleString('en');
  const fraction = digits === 0 ? '' : `.${text.slice(-digits)}`;
  return `${amountMinor < 0 ? '−' : ''}${whole}${fraction} ${currency.toUpperCase()}`;
}

/** An exact price in major units with all its decimals: `0.004 USD`. */
export function showPrice(amount: string, currency: string): string {
  const format = new Intl.NumberFormat('en', {
    minimumFractionDigits: minorDigits(currency),
    maximumFractionDigits: 12,
  });
  return `${format.format(amount as Intl.StringNumericLiteral)} ${currency.toUpperCase()}`;
}
