import { checkRequest } from '../contract/check-request.ts';
import { findBreach } from '../contract/check-response.ts';
import type { Operation, Schema } from '../contract/schema.ts';
import type { Document } from '../store/documents.ts';
import type { Transaction } from '../store/transaction.ts';
import { expand } from './expand.ts';
import type { FormFields } from './form.ts';
import { render, withoutOwn } from './render.ts';
import { refuseUnplayed, type Route } from './route.ts';
import { StripeError } from './stripe-error.ts';

type Json = Record<string, unknown>;

/** A request that the contract allows: what the route gets, and what the response has to hold. */
export interface Checked {
  readonly route: Route;
  readonly operation: Operation;
  readonly params: Json;
  readonly ids: readonly string[];
}

export function checkCall(
  route: Route,
  operation: Operation,
  fields: FormFields,
  ids: readonly string[],
): Checked {
  const params = checkRequest(operation.params, fields);
  refuseUnplayed(route.plays, params);
  return { route, operation, params, ids };
}

/**
 * Runs a request and renders its response. A response that the contract refuses is our mistake: it
 * fails with 500 and undoes the request, so that no test passes on something Stripe would not send.
 */
export function answer(tx: Transaction, call: Checked): Json {
  const { route, operation, params, ids } = call;
  const body = renderResult(route.handle(tx, params, ids));
  const schema = responseSchemaOf(operation);
  expand(tx, body, schema, (params['expand'] as string[] | undefined) ?? []);
  const breach = findBreach(schema, body);
  if (breach !== undefined) {
    throw new StripeError(500, 'api_error', `The simulator broke the contract: ${breach}`);
  }
  return body;
}

function renderResult(result: object): Json {
  if ('data' in result && Array.isArray(result.data)) {
    const data: Document[] = result.data;
    return { ...(withoutOwn({ ...result, data: [] }) as Json), data: data.map(render) };
  }
  return render(result as Document);
}

function responseSchemaOf(operation: Operation): Schema {
  if (operation.paged === null) return operation.response;
  return {
    fields: {
      object: { literal: 'list' },
      data: { array: operation.response },
      has_more: 'boolean',
      url: 'string',
    },
  };
}
