import { route, type Route } from '../wire/route.ts';
import { resourceMissing } from '../wire/stripe-error.ts';

export const accountRoutes: readonly Route[] = [
  route('GET /v1/account', [], (tx) => {
    const [account] = tx.scan('account');
    if (account === undefined) throw resourceMissing('account', 'self');
    return account;
  }),
];
