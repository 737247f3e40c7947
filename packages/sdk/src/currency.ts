/** The payment provider's list (docs.stripe.com/currencies), which is not the runtime's. */
const withoutMinorUnit = new Set(
  'bif clp djf gnf jpy kmf krw mga pyg rwf vnd vuv xaf xof xpf'.split(' '),
);
const withThousandths = new Set('bhd jod kwd omr tnd'.split(' '));

/** How many digits of an amount in minor units stand after the point: 2 for `usd`, 0 for `jpy`. */
export function minorDigits(currency: string): number {
  if (withoutMinorUnit.has(currency)) return 0;
  return withThousandths.has(currency) ? 3 : 2;
}
