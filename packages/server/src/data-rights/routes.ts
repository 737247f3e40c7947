import { z } from 'zod';
import { defineRoute, type Route } from '../http/route.ts';
import { deleteWorkspace } from './delete-workspace.ts';
import type { DataRightsDeps } from './deps.ts';
import { exportWorkspaceAsZip } from './export-zip.ts';
import { exportWorkspace, recordExport } from './export.ts';
import { purgeNow } from './purge-now.ts';

const tag = 'Workspaces';

/** What a workspace may ask about the data it has here. */
export function dataRightsRoutes(deps: DataRightsDeps): Route[] {
  return [exportRoute(deps), purgeRoute(deps), deleteRoute(deps)];
}

const exportRoute = (deps: DataRightsDeps) =>
  defineRoute({
    method: 'POST',
    url: '/v1/workspaces/:workspaceId/export',
    operationId: 'exportWorkspace',
    summary: 'Everything that is kept about a workspace, as NDJSON or ZIP',
    description:
      'One object a line with its `kind`: workspace, subscription, members, invitations, API keys, ' +
      'conversions, counted conversions, billing events, invoices and bills with their lines, webhook ' +
      'endpoints, mails, audit log. A stream, so that its size does not matter. Secrets are not in ' +
      'it, nor are files: with `format=zip` it is `workspace.ndjson` in a ZIP beside the outputs that ' +
      'are still kept and the inputs that still wait, up to 50,000. A key needs every scope that reads: ' +
      'audit:read, conversions:read, usage:read, billing:read, keys:write and webhooks:write. Each export ' +
      'is an entry in the audit log.',
    tag,
    access: { kind: 'workspace', scope: 'audit:read' },
    query: z.strictObject({ format: z.enum(['ndjson', 'zip']).default('ndjson') }),
    // Each time as it is then.
    idempotency: false,
    responses: {
      200: {
        description: 'Objects, one a line; `application/zip` with `format=zip`',
        contentType: 'application/x-ndjson',
      },
    },
    errors: ['conflict'],
    handler: async ({ ctx, query, reply }) => {
      const isZip = query.format === 'zip';
      const stream = isZip
        ? await exportWorkspaceAsZip(ctx, deps.conversions)
        : exportWorkspace(ctx);
      await recordExport(ctx, query.format);
      return reply
        .header('content-type', isZip ? 'application/zip' : 'application/x-ndjson; charset=utf-8')
        .header(
          'content-disposition',
          `attachment; filename="${ctx.organization.id}.${query.format}"`,
        )
        .header('x-content-type-options', 'nosniff')
        .header('cache-control', 'private, no-store')
        .send(stream);
    },
  });

const purgeRoute = (deps: DataRightsDeps) =>
  defineRoute({
    method: 'POST',
    url: '/v1/workspaces/:workspaceId/purge',
    operationId: 'purgeWorkspace',
    summary: 'Delete the files of all conversions that have ended, now',
    description: 'Whatever the retention says. What was counted stays counted.',
    tag,
    access: { kind: 'workspace', scope: 'conversions:write' },
    responses: { 200: z.object({ object: z.literal('purge'), purged: z.int() }) },
    errors: [],
    handler: ({ ctx }) => purgeNow(ctx, deps.conversions),
  });

const deleteRoute = (deps: DataRightsDeps) =>
  defineRoute({
    method: 'DELETE',
    url: '/v1/workspaces/:workspaceId',
    operationId: 'deleteWorkspace',
    summary: 'Delete a workspace for good',
    description:
      'By an owner, not by an API key, with its name, to confirm. The subscription ends now; members, keys and webhooks are gone at ' +
      'once, files and whatever people wrote within minutes. Invoices, usage and billing events stay ' +
      'for the books. It cannot be taken back.',
    tag,
    access: { kind: 'workspace', scope: 'keys:write' },
    body: z.strictObject({ name: z.string().max(200) }),
    responses: {
      200: z.object({ id: z.string(), object: z.literal('workspace'), deleted: z.literal(true) }),
    },
    errors: ['overloaded'],
    handler: ({ ctx, body }) => deleteWorkspace(deps, ctx, body.name),
  });
