import type { Context } from '../../context.ts';
import { notFound } from '../../errors.ts';
import { type List, type ListQuery, toList } from '../../http/list.ts';
import type { Invoice, InvoiceWithLines } from './schema.ts';
import { findInvoiceById, listInvoicesOfOrganization } from './sql.ts';

/** A page of the workspace's invoices, newest first. */
export async function listInvoices(ctx: Context, page: ListQuery): Promise<List<Invoice>> {
  const statement = listInvoicesOfOrganization(ctx.organization.id, page);
  const rows = await ctx.db.query<{ invoice: Invoice }>(statement);
  return toList(
    rows.map(({ invoice }) => invoice),
    page.limit,
  );
}

/** One invoice with its lines in order. @throws AppError `not_found` */
export async function findInvoice(ctx: Context, invoiceId: string): Promise<InvoiceWithLines> {
  const statement = findInvoiceById(ctx.organization.id, invoiceId);
  const [row] = await ctx.db.query<{ invoice: InvoiceWithLines | null }>(statement);
  const invoice = row?.invoice ?? null;
  if (invoice === null) throw notFound('invoice');
  return invoice;
}
