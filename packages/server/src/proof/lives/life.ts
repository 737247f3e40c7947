import type { Method } from '../../http/route.ts';
import type { ApiReply } from '../../test/api.ts';
import type { OpenWorld } from '../../test/billing-world.ts';
import type { Visitor } from '../../test/checkout.ts';
import type { Random } from '../random.ts';
import { visitPage } from './hosted-page.ts';

/** A customer with its workspace. */
export interface Life {
  readonly one: Visitor;
  readonly currency: string;
  /** Plans in its currency, the cheapest first. */
  readonly planIds: readonly string[];
  /** Asked for half the time in place of its own; what is fixed by then refuses it. */
  readonly other: Pick<Life, 'currency' | 'planIds'> | null;
  /** Its own, so that lives go on side by side and are the same again for the same seed. */
  readonly random: Random;
  /** All that the operator was told is given or will be, minor units. */
  creditMinor: number;
  /** Requests made, for their keys. */
  asked: number;
}

const cards = ['visa', 'visa', 'visa', 'chargeCustomerFail', 'authenticationRequired'] as const;

export interface Ask {
  readonly asOperator?: boolean;
  /** 400 is an answer to this, too: a day that is not allowed. */
  readonly mayBeWrong?: boolean;
}

/** Declined, not possible now, too often, or the provider is away. */
const refusals = new Set([402, 409, 429, 503]);

/**
 * Asks our API; where the provider did not answer, some ask the very same again. null: refused.
 *
 * @throws Error for an answer that nobody may be given
 */
export async function ask(
  life: Life,
  method: Method,
  what: string,
  body?: object,
  { asOperator = false, mayBeWrong = false }: Ask = {},
): Promise<ApiReply | null> {
  const { one, random } = life;
  life.asked += 1;
  const headers = { 'idempotency-key': `${one.organizationId} ${life.asked}` };
  const send = () => one.call(method, what, body, { asOperator, headers });
  let reply = await send();
  if (reply.status === 503 && random.chance(0.5)) reply = await send();
  const { status } = reply;
  if (status >= 200 && status < 300) return reply;
  if (refusals.has(status) || (mayBeWrong && status === 400)) return null;
  const { organizationId: id } = one;
  const answer = `${status} ${JSON.stringify(reply.body)} ${reply.fault ?? ''}`;
  throw new Error(`${id}: ${method} ${what} was answered ${answer}`);
}

/** On a hosted page, with one of the cards; three in ten never come back from it. */
export async function visitWithCard(
  world: OpenWorld,
  { random }: Life,
  url: unknown,
): Promise<void> {
  const card = random.pick(cards) ?? 'visa';
  await visitPage(world, { url: String(url), card, comesBack: random.chance(0.7) });
}
