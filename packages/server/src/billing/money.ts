/** As `minor_unit_exponent.sql` has it, for text alone: no amount is ever computed by it. */
const zeroDecimal = new Set(
  'bif clp djf gnf jpy kmf krw mga pyg rwf vnd vuv xaf xof xpf'.split(' '),
);
const threeDecimal = new Set('bhd jod kwd omr tnd'.split(' '));

/** Minor units for people: `1,234.50 USD`, `2,900 JPY`, `0.490 KWD`. */
export function showMinor(amountMinor: number, currency: string): string {
  const digits = zeroDecimal.has(currency) ? 0 : threeDecimal.has(currency) ? 3 : 2;
  const text = String(Math.abs(amountMinor)).padStart(digits + 1, '0');
  const whole = Number(text.slice(0, text.length - digits)).toLocaleString('en');
  const fraction = digits === 0 ? '' : `.${text.slice(-digits)}`;
  return `${amountMinor < 0 ? '−' : ''}${whole}${fraction} ${currency.toUpperCase()}`;
}
