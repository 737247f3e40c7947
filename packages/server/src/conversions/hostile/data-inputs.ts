import { billionLaughs, externalEntities, noise, type HostileInput } from './hostile-input.ts';

/** Data that is deep, endless, self-referring, or that a reader might obey. */
export const dataInputs: readonly HostileInput[] = [
  {
    name: 'XML with external entities',
    filename: 'a.xml',
    bytes: (bait) =>
      Buffer.from(`<?xml version="1.0"?>${externalEntities('a', bait)}<a>&bait;&far;</a>`),
  },
  {
    name: 'XML with a billion laughs',
    filename: 'a.xml',
    bytes: () => Buffer.from(`<?xml version="1.0"?>${billionLaughs('a')}<a>&l8;</a>`),
  },
  {
    name: 'XML nested a million deep',
    filename: 'a.xml',
    bytes: () => Buffer.from(`<?xml version="1.0"?>${'<a>'.repeat(1_000_000)}`),
  },
  {
    name: 'XML whose names are those of an object',
    filename: 'a.xml',
    outcome: 'either',
    bytes: () =>
      Buffer.from(
        '<?xml version="1.0"?><a><__proto__ polluted="1"/><constructor>x</constructor></a>',
      ),
  },
  {
    name: 'YAML that grows by its aliases',
    filename: 'a.yaml',
    bytes: () => {
      const levels = Array.from({ length: 12 }, (_, level) => {
        const items = level === 0 ? Array(9).fill('x') : Array(9).fill(`*a${level - 1}`);
        return `a${level}: &a${level} [${items.join(', ')}]\n`;
      });
      return Buffer.from(levels.join(''));
    },
  },
  {
    name: 'YAML with tags that run code elsewhere',
    filename: 'a.yaml',
    outcome: 'either',
    bytes: ({ origin }) =>
      Buffer.from(
        `a: !!js/function "function(){fetch('${origin}')}"\nb: !!python/object/apply:os.system ["ls"]\n`,
      ),
  },
  {
    name: 'YAML nested 100,000 deep',
    filename: 'a.yaml',
    bytes: () => Buffer.from(`${'['.repeat(100_000)}${']'.repeat(100_000)}\n`),
  },
  {
    name: 'JSON nested a million deep',
    filename: 'a.json',
    bytes: () => Buffer.from('[{"a":'.repeat(500_000)),
  },
  {
    name: 'JSON with members named like those of every object',
    filename: 'a.json',
    outcome: 'either',
    bytes: () =>
      Buffer.from('[{"__proto__":{"polluted":1},"constructor":{"prototype":{"polluted":1}}}]'),
  },
  {
    name: 'JSON of 200,000 different columns',
    filename: 'a.json',
    outcome: 'either',
    bytes: () =>
      Buffer.from(
        `[${Array.from({ length: 200_000 }, (_, index) => `{"c${index}":1}`).join(',')}]`,
      ),
  },
  {
    name: 'CSV that names files, queries and formulas',
    filename: 'a.csv',
    outcome: 'either',
    bytes: ({ origin, secretPath }) =>
      Buffer.from(
        `a,b\n=cmd|'/c calc'!A0,"=HYPERLINK(""${origin}/csv"")"\n` +
          `"SELECT * FROM read_text('${secretPath}')","COPY (SELECT 1) TO '/tmp/x'"\n` +
          `'; ATTACH '${secretPath}'; --,read_csv('${origin}/duck')\n`,
      ),
  },
  {
    name: 'CSV with a quote that never closes',
    filename: 'a.csv',
    outcome: 'either',
    bytes: () => Buffer.from(`a,b\n"${'x,y\n'.repeat(2_000_000)}`),
  },
  {
    name: 'CSV of 300,000 columns',
    filename: 'a.csv',
    outcome: 'either',
    bytes: () => Buffer.from(`${'a,'.repeat(300_000)}\n${'1,'.repeat(300_000)}\n`),
  },
  {
    name: 'CSV that turns into noise',
    filename: 'a.csv',
    outcome: 'either',
    bytes: () => Buffer.concat([Buffer.from('a,b\n1,2\n'.repeat(2000)), noise(20_000)]),
  },
];
