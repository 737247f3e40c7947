import type { Format, Pair } from './engine.ts';
import type { specialSamples } from './option-samples.ts';

/** For tests: how an option can be seen. */
export interface Showing {
  /** Each must give another output; without them every member of an enumeration, true and false. */
  readonly values?: readonly unknown[];
  /** Options it needs beside it. */
  readonly with?: Readonly<Record<string, unknown>>;
  readonly sample?: keyof typeof specialSamples;
  readonly isShownElsewhere?: true;
  /** Another source with the same options. */
  readonly from?: Format;
}

const box = { width: 20, height: 20 };
const length = ['10mm', '1.5in'];
const numbers = (...values: number[]): Showing => ({ values });
const texts = (...values: string[]): Showing => ({ values });

/** By option, for every pair that has it. */
const byOption: Readonly<Record<string, Showing>> = {
  delimiter: texts(';', ',', '|'),
  from_delimiter: texts(';', ',', '|'),
  indent: numbers(2, 4, 8),
  sheet: { values: [0, 'First', 'all', 'Nowhere'] },
  hidden_sheets: { with: { sheet: 'all' } },
  columns: { values: [['b'], ['nowhere'], ['nowhere', 'b']] },
  sheet_name: texts('One', 'Sheet 2 (b)'),
  attribute_prefix: texts('@', '', '_'),
  text_key: texts('#text', 'value'),
  root: texts('root', 'people'),
  item: texts('item', 'entry'),
  title: texts('One', '<Two> & "three"'),
  width: numbers(20, 30),
  height: numbers(20, 25),
  fit: { with: { width: 20, height: 20 } },
  background: {
    values: ['#f00', 'white', 'transparent', '#00ff0080'],
    with: { ...box, fit: 'contain' },
  },
  frame: numbers(0, 1, 99),
  quality: numbers(5, 95),
  effort: numbers(1, 4),
  colours: numbers(2, 16),
  dpi: numbers(36, 150),
  pages: texts('1', '2', '1-2', '9'),
  start: numbers(0, 0.25, 7),
  duration: numbers(0.1, 0.3),
  fps: numbers(5, 12.5),
  bitrate: numbers(64, 128),
  image_quality: numbers(10, 90, 100),
  margin: texts(...length),
  margin_top: texts(...length),
  margin_right: texts(...length),
  margin_bottom: texts(...length),
  margin_left: texts(...length),
  header: texts('Head', '<b>Head</b> <span class="pageNumber"></span>'),
  footer: texts('Foot', '<span class="totalPages"></span>'),
  scale: numbers(0.5, 1, 1.5),
  device_scale_factor: numbers(0.5, 1),
  // A matter of time, which chromium/engine.test.ts shows.
  wait_for: { isShownElsewhere: true },
  split: numbers(1, 2),
};

/** By source, target and option, where they are not like the others; a star stands for any. */
const byPair: Readonly<Record<string, Showing>> = {
  'csv xlsx long_texts': { sample: 'longCsv' },
  'json xlsx long_texts': { sample: 'longJson' },
  'csv parquet row_group_rows': { ...numbers(2048, 4096), sample: 'manyRows' },
  'json parquet row_group_rows': { ...numbers(2048, 4096), sample: 'manyValues' },
  'csv * encoding': {
    sample: 'bigEndian',
    ...texts('utf-8', 'windows-1252', 'utf-16le', 'utf-16be'),
  },
  'csv * from_encoding': { sample: 'bigEndian' },
  'csv csv encoding': {},
  'csv * types': { with: { delimiter: ';' } },
  'json xml attribute_prefix': { ...texts('@', '', '_'), sample: 'marked' },
  'json xml text_key': { ...texts('#text', 'value'), sample: 'marked' },
  '* tiff quality': { ...numbers(5, 95), with: { compression: 'jpeg' } },
  'mp4 mp4 bitrate': numbers(50, 500),
  'html png width': numbers(300, 600),
  'html png height': { ...numbers(300, 600), with: { full_page: false } },
  'html pdf width': { ...texts('4in', '150mm'), with: { height: '6in' } },
  'html pdf height': { ...texts('4in', '150mm'), with: { width: '6in' } },
  'html png transparent': { sample: 'plainPage' },
  'parquet * columns': { values: [['b'], ['b', 'a']] },
  'html pdf paper': {},
  'html pdf background': {},
  'xlsx pdf paper': { from: 'ods', sample: 'wideSheet' },
  'xlsx pdf orientation': { from: 'ods', sample: 'wideSheet' },
  'xlsx pdf fit_to_width': { from: 'ods', sample: 'wideSheet' },
  'png pdf paper': {},
  'png pdf dpi': numbers(72, 300),
};

const booleanHeader: Showing = {};

/** How an option of a pair can be seen. */
export function showingOf({ from, to }: Pair, name: string): Showing {
  const own =
    byPair[`${from} ${to} ${name}`] ?? byPair[`${from} * ${name}`] ?? byPair[`* ${to} ${name}`];
  if (own !== undefined) return own;
  const isPaged = to === 'pdf' && (from === 'html' || from === 'md');
  if (name === 'header' && !isPaged) return booleanHeader;
  return byOption[name] ?? {};
}
