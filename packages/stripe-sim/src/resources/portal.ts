import type { PortalConfiguration } from '../store/payment-documents.ts';
import { randomText, type Transaction } from '../store/transaction.ts';
import { pageOf, type PageParams } from '../wire/page.ts';
import { pageParams, route, type Route } from '../wire/route.ts';
import { needLiving } from './customer-lookup.ts';
import { create, mergeMetadata, need, patch, type MetadataInput } from './shared.ts';

interface ConfigurationInput {
  active?: boolean;
  default_return_url?: string;
  metadata?: MetadataInput;
  name?: string;
}

const names = ['default_return_url', 'metadata', 'name'];
/** The simulated portal shows the same to everybody: what else is set is kept for show. */
const shown = ['business_profile', 'features', 'login_page'];

export const portalRoutes: readonly Route[] = [
  route<ConfigurationInput>(
    'POST /v1/billing_portal/configurations',
    [...names, ...shown],
    (tx, params) => {
      const configuration = makeConfiguration(tx, false);
      applyInput(configuration, params);
      return configuration;
    },
  ),
  route<ConfigurationInput>(
    'POST /v1/billing_portal/configurations/{}',
    [...names, ...shown, 'active'],
    (tx, params, id) => {
      const configuration = need(tx, 'billing_portal.configuration', id);
      applyInput(configuration, params);
      configuration.updated = tx.now;
      return configuration;
    },
  ),
  route('GET /v1/billing_portal/configurations/{}', [], (tx, _, id) =>
    need(tx, 'billing_portal.configuration', id),
  ),
  route<PageParams & { active?: boolean; is_default?: boolean }>(
    'GET /v1/billing_portal/configurations',
    [...pageParams.slice(0, 3), 'active', 'is_default'],
    (tx, params) =>
      pageOf(tx, 'billing_portal.configuration', params, {
        url: '/v1/billing_portal/configurations',
        test: (configuration) =>
          configuration.active === (params.active ?? configuration.active) &&
          configuration['is_default'] === (params.is_default ?? configuration['is_default']),
      }),
  ),
  route<{ customer: string; configuration?: string; return_url?: string }>(
    'POST /v1/billing_portal/sessions',
    ['customer', 'configuration', 'return_url'],
    (tx, params) => {
      const customer = needLiving(tx, params.customer, 'customer');
      const configuration =
        params.configuration === undefined
          ? defaultConfiguration(tx)
          : need(tx, 'billing_portal.configuration', params.configuration, 'configuration');
      return create(tx, 'billing_portal.session', {
        configuration: configuration.id,
        customer: customer.id,
        return_url: params.return_url ?? null,
        url: `${tx.settings.base_url}/pages/portal/${customer.id}/${secretOf(tx, customer.id)}`,
      });
    },
  ),
];

/** What the portal's links carry instead of a login; one for each customer. */
function secretOf(tx: Transaction, customerId: string): string {
  const customer = need(tx, 'customer', customerId);
  customer['sim_portal_secret'] ??= randomText(32);
  return String(customer['sim_portal_secret']);
}

function defaultConfiguration(tx: Transaction): PortalConfiguration {
  const [found] = tx.getAll(
    'billing_portal.configuration',
    undefined,
    (one) => one['is_default'] === true,
  );
  return found ?? makeConfiguration(tx, true);
}

function makeConfiguration(tx: Transaction, isDefault: boolean): PortalConfiguration {
  return create(tx, 'billing_portal.configuration', {
    active: true,
    is_default: isDefault,
    updated: tx.now,
    metadata: {},
  });
}

function applyInput(configuration: PortalConfiguration, params: ConfigurationInput): void {
  patch(configuration, { ...params }, ['default_return_url', 'name', 'active']);
  configuration.metadata = mergeMetadata(configuration.metadata, params.metadata);
}
