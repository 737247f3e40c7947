import ts from 'typescript';
import type { Schema } from './schema.ts';

/** Requests are closed: an enum's unknown member is a mistake there. Responses may grow. */
export type Side = 'request' | 'response';

/**
 * Turns type declarations of the `stripe` package into schemas. Named interfaces become entries of
 * `types`, everything else is written in place.
 */
export class TypeWalker {
  readonly types: Record<string, Schema> = {};
  readonly #checker: ts.TypeChecker;

  constructor(checker: ts.TypeChecker) {
    this.#checker = checker;
  }

  schemaOf(type: ts.Type, side: Side): Schema {
    if (type.aliasSymbol?.name === 'OtherString') return 'string';
    const word = wordOf(type);
    if (word !== undefined) return word;
    if (type.isStringLiteral() || type.isNumberLiteral()) return { literal: type.value };
    if (type.flags & ts.TypeFlags.BooleanLiteral) {
      return { literal: this.#checker.typeToString(type) === 'true' };
    }
    if (type.isUnion()) return this.#unionOf(type, side);
    return this.#objectOf(type, side);
  }

  #unionOf(type: ts.UnionType, side: Side): Schema {
    const texts: string[] = [];
    const others: Schema[] = [];
    let isOpen = false;
    for (const member of type.types) {
      if (member.flags & ts.TypeFlags.Undefined) continue;
      if (member.isStringLiteral()) texts.push(member.value);
      else if (isOtherString(member)) isOpen = true;
      else others.push(this.schemaOf(member, side));
    }
    const schemas = uniqueOf(mergeBooleans(others));
    if (texts.length > 0) {
      const isClosed = side === 'request' || !isOpen;
      schemas.unshift(isClosed ? { enum: texts.toSorted() } : { open: texts.toSorted() });
    }
    const [only] = schemas;
    return schemas.length === 1 && only !== undefined ? only : { any: schemas };
  }

  #objectOf(type: ts.Type, side: Side): Schema {
    if (type.getProperty('_coefficient') !== undefined) return 'decimal';
    const element = this.#elementOf(type);
    if (element !== undefined) return { array: this.schemaOf(element, side) };
    const values = type.getStringIndexType();
    if (values !== undefined) return { map: this.schemaOf(values, side) };
    if (type.symbol === undefined || !isNamed(type)) return this.#fieldsOf(type, side);
    const key = this.#keyOf(type);
    if (!(key in this.types)) {
      // The name is taken before the walk goes on: types refer to themselves.
      this.types[key] = 'null';
      this.types[key] = this.#fieldsOf(type, side);
    }
    return { ref: key };
  }

  #elementOf(type: ts.Type): ts.Type | undefined {
    return this.#checker.isArrayType(type)
      ? this.#checker.getTypeArguments(type as ts.TypeReference)[0]
      : undefined;
  }

  #fieldsOf(type: ts.Type, side: Side): Schema {
    const fields: Record<string, Schema> = {};
    for (const property of type.getProperties()) {
      if (property.name === 'lastResponse') continue;
      const declared = this.#checker.getTypeOfSymbol(property);
      const isOptional = (property.flags & ts.SymbolFlags.Optional) !== 0;
      // `deleted?: void` only tells an object from its deleted form.
      if (isOptional && isVoid(declared)) continue;
      fields[isOptional ? `${property.name}?` : property.name] = this.schemaOf(declared, side);
    }
    return { fields };
  }

  /** `Checkout/Sessions:Session.Consent`; a generic one gets its argument behind it. */
  #keyOf(type: ts.Type): string {
    const qualified = this.#checker.getFullyQualifiedName(type.symbol);
    const match = /^".*\/esm\/(?:resources\/)?(.+)"\.(.+)$/.exec(qualified);
    if (match === null) throw new Error(`${qualified} is no type of the stripe package`);
    const parameters = (type as ts.TypeReference).typeArguments ?? [];
    const suffix = parameters.map((parameter) => `<${this.#checker.typeToString(parameter)}>`);
    return `${match[1]}:${match[2]}${suffix.join('')}`;
  }
}

function wordOf(type: ts.Type): Schema | undefined {
  const { flags } = type;
  if (flags & ts.TypeFlags.String) return 'string';
  if (flags & ts.TypeFlags.Number) return 'number';
  if (flags & ts.TypeFlags.Boolean) return 'boolean';
  if (flags & (ts.TypeFlags.Null | ts.TypeFlags.Void | ts.TypeFlags.Undefined)) return 'null';
  return isOtherString(type) ? 'string' : undefined;
}

/** `string & Record<never, never>`: how the package says that an enum may grow. */
function isOtherString(type: ts.Type): boolean {
  return type.isIntersection() && type.types.some((part) => part.flags & ts.TypeFlags.String);
}

function isVoid(type: ts.Type): boolean {
  const parts = type.isUnion() ? type.types : [type];
  return parts.every((part) => part.flags & (ts.TypeFlags.Void | ts.TypeFlags.Undefined));
}

function isNamed(type: ts.Type): boolean {
  return (type.symbol.flags & (ts.SymbolFlags.Interface | ts.SymbolFlags.Class)) !== 0;
}

function mergeBooleans(schemas: readonly Schema[]): Schema[] {
  const isBoolean = (schema: Schema): boolean =>
    typeof schema === 'object' && 'literal' in schema && typeof schema.literal === 'boolean';
  if (schemas.filter(isBoolean).length < 2) return [...schemas];
  return [...schemas.filter((schema) => !isBoolean(schema)), 'boolean'];
}

function uniqueOf(schemas: readonly Schema[]): Schema[] {
  return [...new Map(schemas.map((schema) => [JSON.stringify(schema), schema])).values()];
}
