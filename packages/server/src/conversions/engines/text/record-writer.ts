/** Takes records field by field: a CSV, or a workbook, which has types. */
export interface RecordWriter {
  /** The names of the columns, as the first record. */
  header(names: readonly string[]): void;
  field(text: string): void;
  /** A number as it is written, `true` or `false`. */
  literal(text: string): void;
  emptyFields(count: number): void;
  endRow(): void;
  flush(): void;
  /** Characters that could not be written in the encoding asked for. */
  readonly unencodable: number;
}
