import { z } from 'zod';
import { listOf, listQuery } from '../http/list.ts';
import { defineRoute } from '../http/route.ts';
import { listAuditLog, listWorkspaceAuditLog, platformChain, verifyAuditChain } from './audit.ts';
import { exportAuditLog } from './export.ts';
import { auditEntrySchema, auditVerificationSchema } from './schema.ts';

const listWorkspaceAuditLogRoute = defineRoute({
  method: 'GET',
  url: '/v1/workspaces/:workspaceId/audit-log',
  operationId: 'listWorkspaceAuditLog',
  summary: 'Administrative changes of a workspace',
  tag: 'Audit',
  access: { kind: 'workspace', scope: 'audit:read' },
  query: listQuery,
  responses: { 200: listOf(auditEntrySchema) },
  errors: [],
  handler: ({ ctx, query }) => listWorkspaceAuditLog(ctx, query),
});

const exportWorkspaceAuditLogRoute = defineRoute({
  method: 'GET',
  url: '/v1/workspaces/:workspaceId/audit-log/export',
  operationId: 'exportWorkspaceAuditLog',
  summary: 'The whole audit log of a workspace, as NDJSON or CSV',
  description: 'From the first entry on, with the hashes that prove it, as a stream.',
  tag: 'Audit',
  access: { kind: 'workspace', scope: 'audit:read' },
  query: z.strictObject({ format: z.enum(['ndjson', 'csv']).default('ndjson') }),
  responses: {
    200: {
      description: 'Entries, one a line; `text/csv` with `format=csv`',
      contentType: 'application/x-ndjson',
    },
  },
  errors: [],
  handler: async ({ ctx, query, reply }) => {
    const { contentType, stream } = exportAuditLog(ctx, query.format);
    return reply
      .header('content-type', contentType)
      .header('content-disposition', `attachment; filename="audit-log.${query.format}"`)
      .header('x-content-type-options', 'nosniff')
      .header('cache-control', 'private, no-store')
      .send(stream);
  },
});

const filter = z.string().min(1).max(100).optional();

const listAuditLogRoute = defineRoute({
  method: 'GET',
  url: '/v1/admin/audit-log',
  operationId: 'listAuditLog',
  summary: 'Administrative changes of all workspaces and of the platform',
  tag: 'Administration',
  access: { kind: 'super_admin' },
  query: listQuery.extend({
    workspace_id: filter,
    actor_id: filter,
    target_id: filter,
    action: filter,
  }),
  responses: { 200: listOf(auditEntrySchema) },
  errors: [],
  handler: ({ ctx, query }) => listAuditLog(ctx, query, query),
});

const verifyAuditLogRoute = defineRoute({
  method: 'GET',
  url: '/v1/admin/audit-log/verification',
  operationId: 'verifyAuditLog',
  summary: 'Check that a chain of the audit log is whole',
  description:
    'Reads every entry of the chain. Keep `sequence` and `hash` outside of this server: they prove ' +
    'later that the whole chain was not rewritten.',
  tag: 'Administration',
  access: { kind: 'super_admin' },
  query: z.strictObject({ chain_id: z.string().min(1).max(64).default(platformChain) }),
  responses: { 200: auditVerificationSchema },
  errors: [],
  handler: ({ ctx, query }) => verifyAuditChain(ctx, query.chain_id),
});

export const auditRoutes = [
  listWorkspaceAuditLogRoute,
  exportWorkspaceAuditLogRoute,
  listAuditLogRoute,
  verifyAuditLogRoute,
];
