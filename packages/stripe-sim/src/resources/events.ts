import { pageOf, type PageParams } from '../wire/page.ts';
import { pageParams, route, type Route } from '../wire/route.ts';
import { need } from './shared.ts';

interface ListInput extends PageParams {
  type?: string;
  types?: string[];
  delivery_success?: boolean;
}

export const eventRoutes: readonly Route[] = [
  route('GET /v1/events/{}', [], (tx, _, id) => need(tx, 'event', id)),
  route<ListInput>(
    'GET /v1/events',
    [...pageParams, 'type', 'types', 'delivery_success'],
    (tx, params) =>
      pageOf(tx, 'event', params, {
        url: '/v1/events',
        test: (event) =>
          isOf(event.type, params.type) &&
          (params.types?.includes(event.type) ?? true) &&
          (event.pending_webhooks === 0) ===
            (params.delivery_success ?? event.pending_webhooks === 0),
      }),
  ),
];

/** `invoice.*` names all that begin so. */
function isOf(type: string, wanted: string | undefined): boolean {
  if (wanted === undefined) return true;
  return wanted.endsWith('*') ? type.startsWith(wanted.slice(0, -1)) : type === wanted;
}
