import { contract } from '../contract/contract.ts';
import type { Operation } from '../contract/schema.ts';

export interface Match {
  readonly key: string;
  readonly operation: Operation;
  readonly ids: readonly string[];
}

const patterns = Object.entries(contract.operations).map(([key, operation]) => {
  const [verb = '', path = ''] = key.split(' ');
  const parts = path.split('/');
  return {
    key,
    operation,
    verb,
    parts,
    placeholders: parts.filter((part) => part === '{}').length,
  };
});

/** The contract's operation for a request; undefined: Stripe has no such URL, as far as we know. */
export function matchOperation(verb: string, path: string): Match | undefined {
  const parts = path.split('/');
  // `/v1/invoices/create_preview` before `/v1/invoices/{}`.
  const [best] = patterns
    .filter(
      (pattern) =>
        pattern.verb === verb &&
        pattern.parts.length === parts.length &&
        pattern.parts.every((part, index) => part === '{}' || part === parts[index]),
    )
    .toSorted((left, right) => left.placeholders - right.placeholders);
  if (best === undefined) return undefined;
  const ids = parts
    .filter((_, index) => best.parts[index] === '{}')
    .map((part) => decodeURIComponent(part));
  return { key: best.key, operation: best.operation, ids };
}
