import type {
  AdminPlan,
  AdminPlanDetail,
  CreatePlanInput,
  CreatePlanMigrationInput,
  PlanChange,
  PlanMigration,
  UpdatePlanInput,
} from './admin-types.ts';
import type { CallOptions, HttpClient } from './http.ts';
import { onePage, type PageInput } from './pages.ts';
import type { List } from './types.ts';

export interface ListAdminPlansInput extends PageInput {
  active?: boolean | undefined;
  /** Those made for this workspace. */
  workspaceId?: string | undefined;
}

/** The catalogue, for the super admin. Every method throws `MutateError`. */
export class AdminPlans {
  readonly #http: HttpClient;

  constructor(http: HttpClient) {
    this.#http = http;
  }

  /** Archived and custom ones too. */
  page(input: ListAdminPlansInput = {}): Promise<List<AdminPlan>> {
    return onePage<AdminPlan>(this.#http, '/v1/admin/plans', input, {
      active: input.active === undefined ? undefined : String(input.active),
      workspace_id: input.workspaceId,
    });
  }

  get(id: string, call: CallOptions = {}): Promise<AdminPlanDetail> {
    return this.#http.json<AdminPlanDetail>({ method: 'GET', path: pathOf(id), ...call });
  }

  create(json: CreatePlanInput): Promise<AdminPlanDetail> {
    return this.#http.json<AdminPlanDetail>({ method: 'POST', path: '/v1/admin/plans', json });
  }

  /** A changed limit, policy or price makes a new version. */
  update(id: string, json: UpdatePlanInput): Promise<AdminPlanDetail> {
    return this.#http.json<AdminPlanDetail>({ method: 'PATCH', path: pathOf(id), json });
  }

  /** What `update` would do, and to whom; nothing is stored. */
  previewChange(id: string, json: UpdatePlanInput): Promise<PlanChange> {
    const path = `${pathOf(id)}/preview-change`;
    return this.#http.json<PlanChange>({ method: 'POST', path, json });
  }

  archive(id: string): Promise<AdminPlanDetail> {
    return this.#http.json<AdminPlanDetail>({ method: 'DELETE', path: pathOf(id) });
  }

  /** Moves subscribers of older versions, each at the end of the period in which the date lies. */
  migrate(id: string, json: CreatePlanMigrationInput): Promise<PlanMigration> {
    return this.#http.json<PlanMigration>({ method: 'POST', path: migrationsOf(id), json });
  }

  /** How far such moves are, newest first. */
  migrationsPage(id: string, input: PageInput = {}): Promise<List<PlanMigration>> {
    return onePage<PlanMigration>(this.#http, migrationsOf(id), input);
  }
}

function migrationsOf(id: string): string {
  return `${pathOf(id)}/migrations`;
}

function pathOf(id: string): string {
  return `/v1/admin/plans/${encodeURIComponent(id)}`;
}
