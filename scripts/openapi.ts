import { allRoutes } from '../packages/server/src/app.ts';
import type { ConversionDeps } from '../packages/server/src/conversions/deps.ts';
import type { NotificationDeps } from '../packages/server/src/notifications/deps.ts';
import { Latencies } from '../packages/server/src/http/latencies.ts';
import { buildOpenApi } from '../packages/server/src/http/reference/openapi.ts';
import { renderRoles } from '../packages/server/src/http/reference/role-reference.ts';
import { writeOrCheck } from './generated-file.ts';

// Writes openapi.json and docs/roles.md; with --check only says whether they are as they would be
// written. A route of a workspace without roles fails. Nothing is
// called on the routes, so that they need nothing to work with.
const routes = allRoutes({} as ConversionDeps, null, {} as NotificationDeps, new Latencies());
writeOrCheck('openapi.json', `${JSON.stringify(buildOpenApi(routes), null, 2)}\n`);
writeOrCheck('docs/roles.md', renderRoles(routes));
