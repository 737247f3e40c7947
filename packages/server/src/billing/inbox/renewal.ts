import { findOrganizationOfCustomer } from '../customer/sql.ts';
import type { BillingDeps } from '../deps.ts';
import { idOf, isMissing } from '../provider/stripe.ts';

/**
 * Has the draft of a renewal completed while the provider waits for our answer: what the ended
 * period owes beside the plan's fee belongs onto it, and after the answer it is finalized.
 */
export async function prepareRenewal(deps: BillingDeps, invoiceId: string): Promise<void> {
  const invoice = await deps.stripe.invoices.retrieve(invoiceId).catch((error: unknown) => {
    if (isMissing(error)) return null;
    throw error;
  });
  const customerId = idOf(invoice?.customer);
  if (invoice === null || customerId === null) return;
  const [row] = await deps.db.query<{ organization_id: string }>(
    findOrganizationOfCustomer(customerId),
  );
  if (row !== undefined) await deps.onRenewalDraft(deps, row.organization_id, invoice);
}
