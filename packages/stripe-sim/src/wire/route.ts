import type { Params } from '../contract/check-request.ts';
import type { Transaction } from '../store/transaction.ts';
import { notPlayed } from './stripe-error.ts';

/** One call of the API that the simulator plays. */
export interface Route {
  /** A key of the contract's operations: `POST /v1/customers/{}`. */
  readonly operation: string;
  /**
   * The parameters it acts on, `items.price` for one inside others; a name covers what is in it. Any
   * other parameter is refused: ignoring it in silence would be a wrong answer.
   */
  readonly plays: readonly string[];
  /** Answers a document, a list of documents, or a plain object. */
  handle(tx: Transaction, params: Params, ids: readonly string[]): object;
}

/** `Input` says which parameters the handler reads, as the contract types them. */
// oxlint-disable-next-line typescript/no-unnecessary-type-parameters -- each route names its input
export function route<Input extends object>(
  operation: string,
  plays: readonly string[],
  handle: (tx: Transaction, params: Input, id: string, secondId: string) => object,
): Route {
  return {
    operation,
    plays,
    handle: (tx, params, ids) => handle(tx, params as Input, ids[0] ?? '', ids[1] ?? ''),
  };
}

/** Names in one text, for lists of parameters. */
export function words(text: string): string[] {
  return text.split(' ');
}

const alwaysPlayed = ['expand'];
export const pageParams = ['limit', 'starting_after', 'ending_before', 'created'];

/** Refuses a parameter that the contract knows and the simulator does not act on. */
export function refuseUnplayed(played: readonly string[], params: Params): void {
  const names = [...alwaysPlayed, ...played];
  const visit = (value: unknown, path: string, param: string): void => {
    if (names.includes(path)) return;
    if (Array.isArray(value)) {
      value.forEach((item, index) => visit(item, path, `${param}[${index}]`));
      return;
    }
    if (typeof value === 'object' && value !== null && isOnTheWay(names, path)) {
      for (const [name, item] of Object.entries(value)) {
        visit(item, `${path}.${name}`, `${param}[${name}]`);
      }
      return;
    }
    throw notPlayed(`the parameter ${param}`, param);
  };
  for (const [name, value] of Object.entries(params)) visit(value, name, name);
}

function isOnTheWay(names: readonly string[], path: string): boolean {
  return names.some((name) => name.startsWith(`${path}.`));
}
