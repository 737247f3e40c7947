import { z } from 'zod';

export type JsonSchema = Record<string, unknown>;

/**
 * Turns zod schemas into JSON Schema 2020-12, as OpenAPI 3.1 uses it. A schema with
 * `.meta({ id: 'job' })` becomes a component that others point to.
 */
export class SchemaCollector {
  readonly components: Record<string, JsonSchema> = {};

  /** @param io what a client sends (`input`), or what it gets (`output`) */
  add(schema: z.ZodType, io: 'input' | 'output'): JsonSchema {
    const {
      $schema: _,
      $defs,
      ...json
    } = z.toJSONSchema(schema, {
      io,
      unrepresentable: 'any',
      // Clients must bear members that come later.
      override: ({ jsonSchema }) => {
        if (io === 'output' && jsonSchema.additionalProperties === false) {
          delete jsonSchema.additionalProperties;
        }
      },
    }) as JsonSchema & { $defs?: Record<string, JsonSchema> };
    for (const [name, definition] of Object.entries($defs ?? {})) {
      const { id: __, ...rest } = definition;
      this.components[name] = pointToComponents(rest) as JsonSchema;
    }
    const { id, ...rest } = json;
    if (typeof id !== 'string') return pointToComponents(rest) as JsonSchema;
    this.components[id] = pointToComponents(rest) as JsonSchema;
    return { $ref: `#/components/schemas/${id}` };
  }

  /** The members of an object, each with its schema: for parameters. */
  members(schema: z.ZodObject): { name: string; required: boolean; schema: JsonSchema }[] {
    const json = this.add(schema, 'input');
    const required = new Set(json.required as string[] | undefined);
    return Object.entries((json.properties ?? {}) as Record<string, JsonSchema>).map(
      ([name, member]) => ({ name, required: required.has(name), schema: member }),
    );
  }
}

function pointToComponents(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(pointToComponents);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, member]) => [
      name,
      name === '$ref' && typeof member === 'string'
        ? member.replace('#/$defs/', '#/components/schemas/')
        : pointToComponents(member),
    ]),
  );
}
