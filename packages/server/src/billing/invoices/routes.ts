import { listOf, listQuery } from '../../http/list.ts';
import { defineRoute, type Route } from '../../http/route.ts';
import { explainLine } from './explain-line.ts';
import { findInvoice, listInvoices } from './invoices.ts';
import { makeStatement } from './statement/statement.ts';
import { invoiceSchema, invoiceWithLinesSchema, lineExplanationSchema } from './schema.ts';

const base = '/v1/workspaces/:workspaceId/billing/invoices';
const tag = 'Billing';
const access = { kind: 'workspace', scope: 'billing:read' } as const;

const list = defineRoute({
  method: 'GET',
  url: base,
  operationId: 'listInvoices',
  summary: 'Invoices of the workspace, newest first',
  tag,
  access,
  query: listQuery,
  responses: { 200: listOf(invoiceSchema) },
  errors: [],
  handler: ({ ctx, query }) => listInvoices(ctx, query),
});

const find = defineRoute({
  method: 'GET',
  url: `${base}/:invoiceId`,
  operationId: 'findInvoice',
  summary: 'One invoice with its lines',
  description:
    'Overage has a line for each type and price (and period, where a conversion completed after its ' +
    "period's bill was made). The lines add up to `total_minor`.",
  tag,
  access,
  responses: { 200: invoiceWithLinesSchema },
  errors: ['not_found'],
  handler: ({ ctx, params }) => findInvoice(ctx, params.invoiceId),
});

const explain = defineRoute({
  method: 'GET',
  url: `${base}/:invoiceId/lines/:lineId/explain`,
  operationId: 'explainInvoiceLine',
  summary: 'Why a line is on an invoice, and what it is made of',
  description:
    'The rule, the plan version and override (who set it, and until when), the arithmetic in words ' +
    'and numbers, and of overage every conversion that was counted, paged.',
  tag,
  access,
  query: listQuery,
  responses: { 200: lineExplanationSchema },
  errors: ['not_found'],
  handler: ({ ctx, params, query }) => explainLine(ctx, params, query),
});

const statement = (isSimulated: boolean) =>
  defineRoute({
    method: 'GET',
    url: `${base}/:invoiceId/pdf`,
    operationId: 'downloadUsageStatement',
    summary: 'The usage statement behind an invoice, as PDF',
    description:
      'Its lines, what was used in its periods by type, and at which price, under which plan version ' +
      "and override, it was counted past the limit. The invoice's own PDF is at `hosted_invoice_url`.",
    tag,
    access,
    responses: { 200: { description: 'The statement', contentType: 'application/pdf' } },
    errors: ['not_found'],
    handler: async ({ ctx, params, reply }) => {
      const { filename, bytes } = await makeStatement(ctx, params.invoiceId, isSimulated);
      return reply
        .header('content-type', 'application/pdf')
        .header('content-disposition', `attachment; filename="${filename}"`)
        .header('x-content-type-options', 'nosniff')
        .header('cache-control', 'private, no-store')
        .send(bytes);
    },
  });

/** The routes of what was billed. `isSimulated`: statements say that no money moves. */
export function invoiceRoutes(isSimulated: boolean): Route[] {
  return [list, find, statement(isSimulated), explain];
}
