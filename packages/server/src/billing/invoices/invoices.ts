import type { Context } from '../../context.ts';
import { notFound } from '../../errors.ts';
import { type List, type ListQuery, toList } from '../../http/list.ts';
import type { Invoice, InvoiceLine, InvoiceWithLines } from './schema.ts';
import { findInvoiceById, listInvoicesOfOrganization, listLinesOfInvoice } from './sql.ts';

/** A page of the workspace's invoices, newest first. */
export async function listInvoices(ctx: Context, page: ListQuery): Promise<List<Invoice>> {
  const statement = listInvoicesOfOrganization(ctx.organization.id, page);
  return toList(await ctx.db.query<Invoice>(statement), page.limit);
}

/** One invoice with its lines in order. @throws AppError `not_found` */
export async function findInvoice(ctx: Context, invoiceId: string): Promise<InvoiceWithLines> {
  const { id } = ctx.organization;
  const [invoice] = await ctx.db.query<Invoice>(findInvoiceById(id, invoiceId));
  if (invoice === undefined) throw notFound('invoice');
  const lines = await ctx.db.query<InvoiceLine>(listLinesOfInvoice(id, invoiceId));
  return { ...invoice, lines };
}
