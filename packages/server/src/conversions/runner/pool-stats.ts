export type ChildState = 'starting' | 'idle' | 'busy';

export interface PoolStats {
  readonly processes: number;
  readonly busy: number;
  readonly queued: number;
  readonly done: number;
  readonly started: number;
  /** Failed tasks by code; `cancelled` for those whose caller gave up. */
  readonly failed: Readonly<Record<string, number>>;
  readonly children: readonly {
    readonly engine: string;
    readonly pid: number | null;
    readonly state: ChildState;
    readonly jobs: number;
    readonly rssBytes: number;
  }[];
}
