import type { Queryable } from '../db/pool.ts';
import { AppError } from '../errors.ts';
import { findInvitedEmail } from '../organizations/accept-invitation.ts';

/** Who may make an account by themselves. */
export type SignUpPolicy = 'open' | 'invited' | 'closed';

/**
 * Lets somebody sign up, or refuses it.
 *
 * @returns whether their address is proven: they hold the link that was mailed to it
 * @throws AppError `forbidden`
 */
export async function admitSignUp(
  db: Queryable,
  policy: SignUpPolicy,
  input: { readonly email: string; readonly invitationToken?: string | undefined },
): Promise<boolean> {
  if (policy === 'closed') {
    throw new AppError('forbidden', 'This server takes no new users: the operator adds them.');
  }
  const { invitationToken: token } = input;
  const invited = token === undefined ? null : await findInvitedEmail(db, token);
  if (invited === input.email.toLowerCase()) return true;
  if (token !== undefined) {
    throw new AppError('forbidden', 'This invitation is not for this address, or it has ended.');
  }
  if (policy === 'invited') {
    throw new AppError('forbidden', 'Only who was invited may sign up here: open the mailed link.');
  }
  return false;
}
