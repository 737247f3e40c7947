import type { Role } from './role.ts';

const everybody: readonly Role[] = ['owner', 'admin', 'billing', 'member'];
const converts: readonly Role[] = ['owner', 'admin', 'member'];
const pays: readonly Role[] = ['owner', 'admin', 'billing'];
const runs: readonly Role[] = ['owner', 'admin'];

/**
 * Which members may call which route of a workspace, by its `operationId`. A route that is not here
 * is closed to every member; docs/roles.md is made from it, and the check fails for a route without a
 * line. API keys have scopes instead, and the super admin may do everything.
 */
const matrix: Readonly<Record<string, readonly Role[]>> = {
  cancelConversion: converts,
  cancelSubscription: pays,
  changeSubscription: pays,
  completeReservation: converts,
  createApiKey: runs,
  createBatch: converts,
  createConversion: converts,
  createPaymentMethodPage: pays,
  createPortalPage: pays,
  createInvitation: runs,
  createReservation: converts,
  deleteConversion: converts,
  deletePaymentMethod: pays,
  downloadBatch: converts,
  downloadOutput: converts,
  downloadUsageStatement: pays,
  explainInvoiceLine: pays,
  exportUsage: everybody,
  findBatch: converts,
  findConversion: converts,
  findInvoice: pays,
  findUsage: everybody,
  findUsageDecision: everybody,
  getApiKey: runs,
  getBilling: pays,
  getNotificationPreferences: everybody,
  getReservation: converts,
  getSubscription: everybody,
  getWorkspace: everybody,
  getWorkspaceMail: runs,
  listApiKeys: runs,
  listBillingEvents: pays,
  listConversions: converts,
  listInvitations: runs,
  listInvoices: pays,
  listMembers: everybody,
  listUsageHistory: everybody,
  listWorkspaceAuditLog: runs,
  listWorkspaceMails: runs,
  previewSubscription: pays,
  quoteConversion: converts,
  releaseReservation: converts,
  // Everybody may leave; the verb looks at the rest.
  removeMember: everybody,
  renewReservation: converts,
  resumeSubscription: pays,
  resendInvitation: runs,
  revokeApiKey: runs,
  revokeInvitation: runs,
  rotateApiKey: runs,
  streamConversionEvents: converts,
  updateBilling: pays,
  updateNotificationPreferences: everybody,
  updateMember: runs,
  updateWorkspace: runs,
};

/** The roles that may call a route; none unless the matrix has it. */
export function rolesOf(operationId: string): readonly Role[] {
  return Object.hasOwn(matrix, operationId) ? (matrix[operationId] ?? []) : [];
}
