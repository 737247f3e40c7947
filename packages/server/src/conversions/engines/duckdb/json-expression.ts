import { DuckDBTypeId, type DuckDBType } from '@duckdb/node-api';
import { EngineError } from '../engine.ts';
import { literal } from './sql-text.ts';

const depthMax = 32;

const numberTypes = new Set<DuckDBTypeId>([
  DuckDBTypeId.TINYINT,
  DuckDBTypeId.SMALLINT,
  DuckDBTypeId.INTEGER,
  DuckDBTypeId.BIGINT,
  DuckDBTypeId.UTINYINT,
  DuckDBTypeId.USMALLINT,
  DuckDBTypeId.UINTEGER,
  DuckDBTypeId.UBIGINT,
  DuckDBTypeId.HUGEINT,
  DuckDBTypeId.UHUGEINT,
  DuckDBTypeId.DECIMAL,
  DuckDBTypeId.BOOLEAN,
]);

/** How JSON is laid out: spaces a level, 0 for none. */
interface Layout {
  readonly indent: number;
  readonly level: number;
}

/**
 * An expression that gives a value as JSON text: numbers with all their digits, which DuckDB's own
 * `to_json` would squeeze through a double, times as ISO 8601, bytes as base64.
 *
 * @throws EngineError `document_too_complex` for types nested too deep
 */
export function jsonText(type: DuckDBType, value: string, layout: Layout): string {
  if (layout.level > depthMax) {
    const message = `The columns are nested more than ${depthMax} levels deep.`;
    throw new EngineError('document_too_complex', message);
  }
  return `coalesce(${textOf(type, value, layout)}, 'null')`;
}

function textOf(type: DuckDBType, value: string, layout: Layout): string {
  const { typeId } = type;
  if (numberTypes.has(typeId)) return `CAST(${value} AS VARCHAR)`;
  if (typeId === DuckDBTypeId.FLOAT || typeId === DuckDBTypeId.DOUBLE) {
    return `CASE WHEN isfinite(${value}) THEN CAST(${value} AS VARCHAR) END`;
  }
  if (typeId === DuckDBTypeId.STRUCT) {
    const parts = type.entryNames.map((name, index) => ({
      name,
      text: jsonText(type.entryTypes[index] ?? type, memberOf(value, name), deeper(layout)),
    }));
    return `CASE WHEN ${value} IS NOT NULL THEN ${objectText(parts, layout)} END`;
  }
  if (typeId === DuckDBTypeId.LIST || typeId === DuckDBTypeId.ARRAY) {
    const item = `x${layout.level}`;
    const text = jsonText(type.valueType, item, deeper(layout));
    const list = typeId === DuckDBTypeId.LIST ? value : `array_to_list(${value})`;
    return enclosed(`list_transform(${list}, lambda ${item}: ${text})`, value, '[]', layout);
  }
  if (typeId === DuckDBTypeId.MAP) {
    const entry = `x${layout.level}`;
    const key = `to_json(CAST(${entry}.key AS VARCHAR))`;
    const text = jsonText(type.valueType, `${entry}.value`, deeper(layout));
    const member = `concat(${key}, ${literal(colon(layout))}, ${text})`;
    const list = `list_transform(map_entries(${value}), lambda ${entry}: ${member})`;
    return enclosed(list, value, '{}', layout);
  }
  return `CAST(to_json(${plainText(type, value)}) AS VARCHAR)`;
}

const localTimes = new Set<DuckDBTypeId>([
  DuckDBTypeId.TIMESTAMP,
  DuckDBTypeId.TIMESTAMP_S,
  DuckDBTypeId.TIMESTAMP_MS,
  DuckDBTypeId.TIMESTAMP_NS,
]);

/** A value without parts as text, as it is written in a CSV too. */
export function plainText({ typeId }: DuckDBType, value: string, isCsv = false): string {
  if (typeId === DuckDBTypeId.BLOB) return `to_base64(${value})`;
  const isInstant = typeId === DuckDBTypeId.TIMESTAMP_TZ;
  if (!isInstant && !localTimes.has(typeId)) return `CAST(${value} AS VARCHAR)`;
  const text = isInstant
    ? `CAST(CAST(${value} AS TIMESTAMP) AS VARCHAR) || 'Z'`
    : `CAST(${value} AS VARCHAR)`;
  // The one is what spreadsheets understand, the other what readers of JSON do.
  return isCsv ? text : `replace(${text}, ' ', 'T')`;
}

/** An object of members whose values are given as JSON text. */
export function objectText(
  members: readonly { readonly name: string; readonly text: string }[],
  layout: Layout,
): string {
  if (members.length === 0) return `'{}'`;
  const parts = members.map(({ name, text }, index) => {
    const before = index === 0 ? '{' : ',';
    const key = before + newline(layout, 1) + JSON.stringify(name) + colon(layout);
    return `${literal(key)}, ${text}`;
  });
  return `concat(${parts.join(', ')}, ${literal(`${newline(layout, 0)}}`)})`;
}

export function memberOf(value: string, name: string): string {
  return `struct_extract(${value}, ${literal(name)})`;
}

function enclosed(list: string, value: string, brackets: string, layout: Layout): string {
  const [open = '', close = ''] = brackets;
  const separator = literal(`,${newline(layout, 1)}`);
  const start = literal(open + newline(layout, 1));
  const end = literal(newline(layout, 0) + close);
  return `CASE WHEN ${value} IS NOT NULL THEN CASE WHEN len(${list}) = 0 THEN ${literal(brackets)}
    ELSE concat(${start}, array_to_string(${list}, ${separator}), ${end}) END END`;
}

function deeper({ indent, level }: Layout): Layout {
  return { indent, level: level + 1 };
}

function newline({ indent, level }: Layout, more: number): string {
  return indent === 0 ? '' : `\n${' '.repeat(indent * (level + more))}`;
}

function colon({ indent }: Layout): string {
  return indent === 0 ? ':' : ': ';
}
