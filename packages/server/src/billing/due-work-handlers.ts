import { creditWork, runCreditWork } from './credits.ts';
import { invoiceOverage } from './overage/own-invoice.ts';
import { migrationWork, runMigrationWork } from './plan-migrations/move-subscriber.ts';
import { remindOfEnding, remindOfExpiry, remindOfPayment } from './reminders.ts';
import type { DueWorkHandler } from './run-due-work.ts';

/** Who does which kind of due work. */
export const dueWorkHandlers: Readonly<Record<string, DueWorkHandler>> = {
  [creditWork]: runCreditWork,
  [migrationWork]: runMigrationWork,
  overage_invoice: invoiceOverage,
  payment_reminder: remindOfPayment,
  ending_notice: remindOfEnding,
  expiry_notice: remindOfExpiry,
};
