/**
 * Stripe's test payment methods (https://docs.stripe.com/testing), by the names of their tokens. Card
 * numbers are not among them and never come in: neither the API nor the pages accept one.
 */
export interface TestCard {
  readonly brand: string;
  readonly last4: string;
  /** Shown to whoever picks it on a hosted page. */
  readonly label: string;
  /** Refused with this decline code when it is attached or charged. */
  readonly declines?: string;
  /** Can be saved, and is declined only when it is charged. */
  readonly savable?: boolean;
  /** `always`: no charge without the holder; `once`: until it was set up. */
  readonly authentication?: 'always' | 'once';
}

const good: Readonly<Record<string, TestCard>> = {
  visa: { brand: 'visa', last4: '4242', label: 'Visa, succeeds' },
  mastercard: { brand: 'mastercard', last4: '4444', label: 'Mastercard, succeeds' },
  amex: { brand: 'amex', last4: '8431', label: 'American Express, succeeds' },
  discover: { brand: 'discover', last4: '9424', label: 'Discover, succeeds' },
};

function declined(last4: string, code: string, label: string): TestCard {
  return { brand: 'visa', last4, declines: code, label };
}

export const testCards: Readonly<Record<string, TestCard>> = {
  ...good,
  chargeCustomerFail: {
    ...declined('0341', 'generic_decline', 'Can be saved, every charge is declined'),
    savable: true,
  },
  chargeDeclined: declined('0002', 'generic_decline', 'Declined'),
  chargeDeclinedInsufficientFunds: declined('9995', 'insufficient_funds', 'Insufficient funds'),
  chargeDeclinedExpiredCard: declined('0069', 'expired_card', 'Expired'),
  chargeDeclinedIncorrectCvc: declined('0127', 'incorrect_cvc', 'Wrong security code'),
  chargeDeclinedLostCard: declined('9987', 'lost_card', 'Lost card'),
  chargeDeclinedStolenCard: declined('9979', 'stolen_card', 'Stolen card'),
  chargeDeclinedProcessingError: declined('0119', 'processing_error', 'Processing error'),
  authenticationRequired: {
    brand: 'visa',
    last4: '3184',
    authentication: 'always',
    label: 'Asks the holder every time',
  },
  authenticationRequiredOnSetup: {
    brand: 'visa',
    last4: '3155',
    authentication: 'once',
    label: 'Asks the holder once, when it is saved',
  },
};

/** The card behind `pm_card_visa`, `pm_card_visa_chargeDeclined` or `tok_visa`; else undefined. */
export function testCardOfToken(token: string): string | undefined {
  const match = /^(?:pm_card|tok)_(?:visa_)?(\w+)$/.exec(token);
  const name = match?.[1];
  return name !== undefined && name in testCards ? name : undefined;
}

/** Stripe's sentence for a decline code. */
export function declineMessage(code: string): string {
  return messages[code] ?? 'Your card was declined.';
}

const messages: Readonly<Record<string, string>> = {
  insufficient_funds: 'Your card has insufficient funds.',
  expired_card: 'Your card has expired.',
  incorrect_cvc: "Your card's security code is incorrect.",
  processing_error: 'An error occurred while processing your card. Try again in a little bit.',
};

/** The error code: most declines have the general one. */
export function declineErrorCode(code: string): string {
  return ['expired_card', 'incorrect_cvc', 'processing_error'].includes(code)
    ? code
    : 'card_declined';
}
