import { expect } from 'vitest';
import { testAdminKey } from '../../server/src/test/service.ts';
import type { VisitOptions, Visitor, World } from './world.ts';

/** A request of the workspace's own program; with `asOperator` of the platform's. */
export async function call(
  world: World,
  visitor: Visitor,
  request: string,
  body?: object,
  asOperator = false,
): Promise<Record<string, unknown>> {
  const [method = '', path = ''] = request.split(' ');
  const reply = await world.tested.fetch(path, {
    method,
    key: asOperator ? testAdminKey : visitor.scene.apiKey,
    ...(body === undefined
      ? {}
      : { body: JSON.stringify(body), headers: { 'content-type': 'application/json' } }),
  });
  const text = await reply.text();
  expect([request, reply.status < 300, text]).toEqual([request, true, text]);
  return text === '' ? {} : (JSON.parse(text) as Record<string, unknown>);
}

/** Somebody whose workspace has bought Starter with a test card. */
export async function visitSubscriber(
  world: World,
  options: VisitOptions = {},
  card = 'visa',
): Promise<Visitor> {
  const visitor = await world.visit(options);
  const path = `/v1/workspaces/${visitor.scene.organizationId}/subscription`;
  const { checkout_url: page } = await call(world, visitor, `POST ${path}`, {
    plan_id: 'plan_starter',
  });
  const paid = await fetch(String(page), {
    method: 'POST',
    redirect: 'manual',
    headers: { 'content-type': 'application/x-www-form-urlencoded' },
    body: new URLSearchParams({ card }),
  });
  const back = await fetch(paid.headers.get('location') ?? '', { redirect: 'manual' });
  expect([paid.status, back.status]).toEqual([303, 303]);
  return visitor;
}

/** Moves business time by days, and waits until all that fell due is done. */
export async function advance(world: World, visitor: Visitor, days: number): Promise<void> {
  const { now } = await call(world, visitor, 'GET /v1/admin/clock', undefined, true);
  const to = new Date(Date.parse(String(now)) + days * 86_400_000).toISOString();
  await call(world, visitor, 'POST /v1/admin/clock', { advance_to: to }, true);
}
