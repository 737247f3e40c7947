import type { Invoice, InvoiceWithLines, LineExplanation, Mutate } from '@mutate/sdk';

import { printable, textFlag, UsageError, type Command, type Invocation } from '../command.ts';
import { connect, connectionHelp, connectionOptions } from '../connect.ts';
import { exitCodes } from '../exit-codes.ts';
import { formatCount, formatMoney, formatTable } from '../format.ts';
import { saveOutput } from '../output-file.ts';
import { resolveTarget } from '../output-target.ts';
import { show } from '../show.ts';

/** `mutate invoices`: what the workspace was billed, and why. */
export const invoicesCommand: Command = {
  name: 'invoices',
  summary: 'what was billed, and why',
  help: `mutate invoices [ID] [--explain LINE | --pdf FILE] [--json]

Lists the invoices, newest first. With an ID: its lines.

  --explain LINE     why a line is there: its rule, plan version, override, arithmetic
  --pdf FILE         writes the usage statement behind the invoice; - for stdout
  --force            replace a file in that folder
  --json             the server's answer as JSON

${connectionHelp}`,
  options: {
    ...connectionOptions,
    explain: { type: 'string' },
    pdf: { type: 'string' },
    force: { type: 'boolean' },
  },
  run,
};

async function run(invocation: Invocation): Promise<number> {
  const { io, flags, positionals } = invocation;
  const [id, ...others] = positionals;
  const [lineId, pdf] = [textFlag(flags, 'explain'), textFlag(flags, 'pdf')];
  if (others.length > 0) throw new UsageError('mutate invoices takes at most one invoice id.');
  if (id === undefined && (lineId ?? pdf) !== undefined) {
    throw new UsageError('--explain and --pdf need the id of an invoice.');
  }
  if (lineId !== undefined && pdf !== undefined) {
    throw new UsageError('Give either --explain or --pdf.');
  }
  const client = connect(flags, io.env);
  if (id === undefined) return listInvoices(client, invocation);
  if (pdf !== undefined) return saveStatement(client, { id, pdf }, invocation);
  if (lineId !== undefined) {
    const explanation = await client.invoices.explain(id, lineId, { signal: io.signal });
    return show(invocation, explanation, describeLine);
  }
  return show(invocation, await client.invoices.get(id, { signal: io.signal }), describe);
}

async function listInvoices(client: Mutate, invocation: Invocation): Promise<number> {
  const invoices: Invoice[] = [];
  for await (const invoice of client.invoices.list({ signal: invocation.io.signal })) {
    invoices.push(invoice);
  }
  return show(invocation, invoices, (all) =>
    all.length === 0 ? 'There are no invoices.\n' : formatTable(all.map(rowOf)),
  );
}

function rowOf(invoice: Invoice): string[] {
  const total = formatMoney(invoice.total_minor, invoice.currency);
  const cells = [
    invoice.created_at.slice(0, 10),
    invoice.id,
    invoice.number ?? '',
    invoice.status,
    total,
  ];
  return cells.map(printable);
}

async function saveStatement(
  client: Mutate,
  { id, pdf }: { id: string; pdf: string },
  { io, flags }: Invocation,
): Promise<number> {
  const force = flags['force'] === true;
  const input = `./usage-statement-${id.replaceAll(/\W/g, '_')}`;
  const target = await resolveTarget({ input, output: pdf, to: 'pdf', force });
  const open = () => client.invoices.statement(id, { signal: io.signal });
  await saveOutput({ io, target, expected: null, open });
  return exitCodes.ok;
}

function describe(invoice: InvoiceWithLines): string {
  const money = (minor: number): string => formatMoney(minor, invoice.currency);
  const rows = [
    ['Invoice', invoice.number ?? `draft ${invoice.id}`],
    ['State', invoice.status],
    ['Period', `${invoice.period.start.slice(0, 10)} to ${invoice.period.end.slice(0, 10)} (UTC)`],
    ['Total', money(invoice.total_minor)],
    ['Due', money(invoice.amount_due_minor)],
    ['Paid', money(invoice.amount_paid_minor)],
    [invoice.status === 'open' ? 'Pay at' : 'Page', invoice.hosted_invoice_url ?? ''],
  ];
  const lines = invoice.lines.map((line) => [
    line.id,
    line.kind,
    line.description,
    line.unit_amount === null ? '' : `${formatCount(line.quantity)} × ${line.unit_amount}`,
    money(line.amount_minor),
  ]);
  return `${tableOf(rows)}\n${tableOf(lines)}`;
}

function describeLine({ line, rule, arithmetic, sources }: LineExplanation): string {
  const rows = [
    ['Line', line.description],
    ['Rule', rule],
    ['Arithmetic', arithmetic.text],
  ];
  for (const { plan, override, quantity } of sources) {
    const count = quantity === null ? '' : `${formatCount(quantity)} under `;
    const until = override?.expires_at ?? null;
    const exception =
      override === null
        ? ''
        : `, override by ${override.author?.id ?? 'the operator'}` +
          `${until === null ? '' : ` until ${until}`}: ${override.reason ?? ''}`;
    rows.push(['By', `${count}${plan.name}, version ${plan.version}${exception}`]);
  }
  return tableOf(rows);
}

function tableOf(rows: readonly (readonly string[])[]): string {
  return formatTable(rows.map((row) => row.map(printable)));
}
