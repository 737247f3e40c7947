/**
 * What one value of Stripe's protocol may be, as `generated/contract.json` writes it down:
 *
 * - a word for a plain type: `string`, `number`, `boolean`, `null`, `decimal` (a number as text)
 * - `{ enum }` one of these texts; `{ open }` the texts known today, others may come (responses only)
 * - `{ array }`, `{ map }` of one schema; `{ any }` one of several; `{ ref }` a named type
 * - `{ fields }` an object with these fields and no others; a name that ends with `?` may be absent
 */
export type Schema =
  | 'string'
  | 'number'
  | 'boolean'
  | 'null'
  | 'decimal'
  | { readonly literal: string | number | boolean }
  | { readonly enum: readonly string[] }
  | { readonly open: readonly string[] }
  | { readonly array: Schema }
  | { readonly map: Schema }
  | { readonly any: readonly Schema[] }
  | { readonly ref: string }
  | { readonly fields: Readonly<Record<string, Schema>> };

/** One call of Stripe's API: `POST /v1/customers/{}`, a `{}` for each id in the path. */
export interface Operation {
  /** The client's own name for it: `Customers.update`. */
  readonly method: string;
  /** What the query or the form-encoded body may hold; null: nothing but `expand`. */
  readonly params: Schema | null;
  readonly response: Schema;
  /** Whether the response is a page of a list of `response`. */
  readonly paged: 'list' | 'search' | null;
}

export interface Contract {
  /** Of the `stripe` package the contract was generated from. */
  readonly packageVersion: string;
  readonly apiVersion: string;
  readonly operations: Readonly<Record<string, Operation>>;
  readonly types: Readonly<Record<string, Schema>>;
}
