import { creditWork, runCreditWork } from '../credits/credits.ts';
import { invoiceOverage } from '../overage/own-invoice.ts';
import { migrationWork, runMigrationWork } from '../plan-migrations/move-subscriber.ts';
import { remindOfEnding, remindOfExpiry, remindOfPayment } from './reminders.ts';
import type { DueWorkHandler } from './run-due-work.ts';
import { changeWork } from '../subscription/changes.ts';
import { runChangeWork } from '../subscription/unfinished.ts';

/** Who does which kind of due work. */
export const dueWorkHandlers: Readonly<Record<string, DueWorkHandler>> = {
  [creditWork]: runCreditWork,
  [migrationWork]: runMigrationWork,
  [changeWork]: runChangeWork,
  overage_invoice: invoiceOverage,
  payment_reminder: remindOfPayment,
  ending_notice: remindOfEnding,
  expiry_notice: remindOfExpiry,
};
