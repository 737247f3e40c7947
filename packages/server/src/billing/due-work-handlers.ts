import { invoiceOverage } from './overage/own-invoice.ts';
import type { DueWorkHandler } from './run-due-work.ts';

/** Who does which kind of due work. */
export const dueWorkHandlers: Readonly<Record<string, DueWorkHandler>> = {
  overage_invoice: invoiceOverage,
};
