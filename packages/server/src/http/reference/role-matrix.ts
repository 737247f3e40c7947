import type { Role } from '../role.ts';

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
  createInvitation: runs,
  createPaymentMethodPage: pays,
  createPortalPage: pays,
  createReservation: converts,
  createWebhookEndpoint: runs,
  deleteConversion: converts,
  deleteWorkspace: ['owner'],
  deletePaymentMethod: pays,
  deleteWebhookEndpoint: runs,
  downloadBatch: converts,
  downloadOutput: converts,
  downloadUsageStatement: pays,
  explainInvoiceLine: pays,
  exportUsage: everybody,
  exportWorkspace: runs,
  exportWorkspaceAuditLog: runs,
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
  getWebhookDelivery: runs,
  getWebhookEndpoint: runs,
  getWorkspace: everybody,
  getWorkspaceMail: runs,
  listApiKeys: runs,
  listBillingEvents: pays,
  listWorkspacePlans: everybody,
  listConversions: converts,
  listInvitations: runs,
  listInvoices: pays,
  listMembers: everybody,
  listUsageHistory: everybody,
  listWebhookDeliveries: runs,
  listWebhookEndpoints: runs,
  listWorkspaceAuditLog: runs,
  listWorkspaceMails: runs,
  previewSubscription: pays,
  purgeWorkspace: runs,
  quoteConversion: converts,
  redeliverWebhook: runs,
  releaseReservation: converts,
  // Everybody may leave; the verb looks at the rest.
  removeMember: everybody,
  renewReservation: converts,
  resendInvitation: runs,
  resumeSubscription: pays,
  revokeApiKey: runs,
  revokeInvitation: runs,
  rotateApiKey: runs,
  rotateWebhookSecret: runs,
  streamConversionEvents: converts,
  testWebhookEndpoint: runs,
  updateBilling: pays,
  updateMember: runs,
  updateNotificationPreferences: everybody,
  updateWebhookEndpoint: runs,
  updateWorkspace: runs,
};

/** The roles that may call a route; none unless the matrix has it. */
export function rolesOf(operationId: string): readonly Role[] {
  return Object.hasOwn(matrix, operationId) ? (matrix[operationId] ?? []) : [];
}
