import type { ColumnType } from './column-shape.ts';

const integerPart = '-?(0|[1-9][0-9]*)';

/** The value of a text field in a type; NULL where it is none. */
export function castTo(type: ColumnType, field: string): string {
  switch (type.kind) {
    case 'text':
      return field;
    case 'boolean':
      return `TRY_CAST(${field} AS BOOLEAN)`;
    case 'integer':
      return `TRY_CAST(${field} AS BIGINT)`;
    case 'decimal':
      return `TRY_CAST(${field} AS DECIMAL(${type.precision}, ${type.scale}))`;
    case 'double':
      return `TRY_CAST(${field} AS DOUBLE)`;
    case 'date':
      return `TRY_CAST(${field} AS DATE)`;
    case 'timestamp':
      return `TRY_CAST(${field} AS TIMESTAMP)`;
    case 'instant':
      return `TRY_CAST(${field} AS TIMESTAMPTZ)`;
  }
}

/** Whether the type writes the field back as it was, but for zeros at the end of a fraction. */
export function isExact(type: ColumnType, field: string): string {
  const value = castTo(type, field);
  const written = `CAST(${value} AS VARCHAR)`;
  switch (type.kind) {
    case 'text':
      return 'true';
    case 'boolean':
      return `lower(${field}) IN ('true', 'false')`;
    case 'integer':
    case 'date':
      return `${written} = ${field}`;
    case 'decimal': {
      const { precision, scale } = type;
      const whole = `-?(0|[1-9][0-9]{0,${precision - scale - 1}})`;
      const pattern = scale === 0 ? whole : `${whole}([.][0-9]{1,${scale}})?`;
      return `(${written} = ${field} OR regexp_full_match(${field}, '${pattern}'))`;
    }
    case 'double': {
      const pattern = `${integerPart}([.][0-9]+)?([eE][-+]?[0-9]{1,3})?`;
      const digits = `replace(split_part(lower(${field}), 'e', 1), '.', '')`;
      return (
        `(${written} = ${field} OR (regexp_full_match(${field}, '${pattern}') ` +
        `AND length(${digits}) <= 15 AND isfinite(${value})))`
      );
    }
    case 'timestamp':
    case 'instant': {
      const zone = type.kind === 'instant' ? 'Z' : '';
      const pattern = `.{10}[T ].{8}([.][0-9]{1,6})?${zone}`;
      return (
        `(regexp_full_match(${field}, '${pattern}') AND ` +
        `left(${written}, 19) = left(replace(${field}, 'T', ' '), 19))`
      );
    }
  }
}
