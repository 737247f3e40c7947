import type { FastifyReply, FastifyRequest } from 'fastify';
import type { z } from 'zod';
import type { Context, PlatformContext } from '../context.ts';
import type { ErrorCode } from '../errors.ts';
import type { Claim } from './idempotency/idempotency.ts';
import type { Caller } from './ports.ts';
import type { Scope } from './scope.ts';

export type Method = 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';

/** Who may call a route. Every route must say so; there is no default. */
export type Access =
  /** Anybody, without credentials. */
  | { readonly kind: 'public' }
  /** Whoever signed the body: the handler checks it. */
  | { readonly kind: 'signed' }
  /** The URL has `:workspaceId`: that workspace's keys with the scope, and the super admin. */
  | { readonly kind: 'workspace'; readonly scope: Scope }
  | { readonly kind: 'super_admin' }
  /** Any credentials that are valid; the handler looks at `caller`. */
  | { readonly kind: 'any_caller' };

/** A reply that is no JSON object, e.g. an output's bytes or a stream of events. */
export interface ContentResponse {
  readonly description: string;
  readonly contentType: string;
}

/** Reply by status; null: no body. The lowest status is sent unless the handler sets another. */
export type Responses = Readonly<Record<number, z.ZodType | ContentResponse | null>>;

/** `'/v1/workspaces/:workspaceId'` gives `{ workspaceId: string }`. */
export type PathParams<Url extends string> = Url extends `${infer Head}/${infer Tail}`
  ? PathParams<Head> & PathParams<Tail>
  : Url extends `:${infer Name}`
    ? Readonly<Record<Name, string>>
    : unknown;

type Output<Schema, Otherwise = undefined> = [Schema] extends [z.ZodType]
  ? z.output<Schema>
  : Otherwise;

/** What a handler may answer: a body of one of its schemas, nothing (null), or the sent reply. */
type Answer<Replies extends Responses> =
  | { [Status in keyof Replies]: Body<Replies[Status]> }[keyof Replies]
  | FastifyReply;

type Body<Spec> = Spec extends z.ZodType ? z.input<Spec> : Spec extends null ? null : never;

export interface HandlerInput<
  A extends Access = Access,
  Params = unknown,
  Query = unknown,
  RequestBody = unknown,
  Headers = unknown,
> {
  readonly ctx: A extends { kind: 'workspace' } ? Context : PlatformContext;
  readonly params: Params;
  readonly query: Query;
  readonly body: RequestBody;
  readonly headers: Headers;
  /** Null on a public route without credentials. */
  readonly caller: A extends { kind: 'public' | 'signed' } ? null : Caller;
  /** The claim of the request's idempotency key, for routes with `idempotency: 'manual'`. */
  readonly claim: Claim | null;
  readonly request: FastifyRequest;
  readonly reply: FastifyReply;
}

/**
 * How a POST treats an `Idempotency-Key`; `automatic` unless the route says otherwise.
 * `manual`: the claim is made at the headers; the handler reads the body, then settles the claim.
 */
export type IdempotencyMode = 'automatic' | 'manual' | false;

interface RouteFacts<A extends Access, Url extends string> {
  readonly method: Method;
  readonly url: Url;
  readonly operationId: string;
  readonly summary: string;
  /** Markdown for the reference. */
  readonly description?: string;
  readonly tag: string;
  readonly access: A;
  /** The codes of its own; those that every route of its kind has are added in the reference. */
  readonly errors: readonly ErrorCode[];
  readonly idempotency?: IdempotencyMode;
  /** A secret that the reply shows once: a replayed reply comes without this member. */
  readonly secretMember?: string;
  /** The handler reads `request.raw` itself; what it expects there is told for the reference. */
  readonly rawBody?: {
    readonly contentType: string;
    readonly schema?: z.ZodType;
    /** Where the same may be sent as JSON. */
    readonly json?: z.ZodType;
  };
}

export interface RouteDefinition<
  A extends Access,
  Url extends string,
  P,
  Q,
  B,
  H,
  R extends Responses,
> extends RouteFacts<A, Url> {
  /** Only where a part of the path is more than a text; else the names in `url` are enough. */
  readonly params?: P;
  readonly query?: Q;
  readonly body?: B;
  /** Names in lower case. */
  readonly headers?: H;
  readonly responses: R;
  handler(
    input: HandlerInput<A, Output<P, PathParams<Url>>, Output<Q>, Output<B>, Output<H>>,
  ): Promise<Answer<R>>;
}

/** A route whose types are erased: what registering and the reference work on. */
export interface Route extends RouteFacts<Access, string> {
  readonly params?: z.ZodObject;
  readonly query?: z.ZodObject;
  readonly body?: z.ZodType;
  readonly headers?: z.ZodObject;
  readonly responses: Responses;
  handler(input: HandlerInput): Promise<unknown>;
}

/**
 * A route of the API, its handler typed by its own schemas.
 *
 * @example
 * export const findThing = defineRoute({
 *   method: 'GET',
 *   url: '/v1/workspaces/:workspaceId/things/:thingId',
 *   operationId: 'findThing',
 *   summary: 'One thing',
 *   tag: 'Things',
 *   access: { kind: 'workspace', scope: 'usage:read' },
 *   responses: { 200: thing },
 *   errors: ['not_found'],
 *   handler: ({ ctx, params }) => findThingById(ctx, params.thingId),
 * });
 */
export function defineRoute<
  const A extends Access,
  const Url extends string,
  const R extends Responses,
  P extends z.ZodObject | undefined = undefined,
  Q extends z.ZodObject | undefined = undefined,
  B extends z.ZodType | undefined = undefined,
  H extends z.ZodObject | undefined = undefined,
>(definition: RouteDefinition<A, Url, P, Q, B, H, R>): Route {
  // The handler is only ever called with what these very schemas gave.
  return definition as unknown as Route;
}
