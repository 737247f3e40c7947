import { allRoutes } from '../packages/server/src/app.ts';
import type { ConversionDeps } from '../packages/server/src/conversions/deps.ts';
import type { NotificationDeps } from '../packages/server/src/notifications/deps.ts';
import { buildOpenApi } from '../packages/server/src/http/openapi.ts';
import { writeOrCheck } from './generated-file.ts';

// Writes openapi.json; with --check only says whether it is as it would be written. Nothing is
// called on the routes, so that they need nothing to work with.
const routes = allRoutes({} as ConversionDeps, null, {} as NotificationDeps);
writeOrCheck('openapi.json', `${JSON.stringify(buildOpenApi(routes), null, 2)}\n`);
