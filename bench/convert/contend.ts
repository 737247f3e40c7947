import { cases } from './cases.ts';

/** What one contender's process says of one conversion; nothing else goes to standard output. */
export interface Report {
  readonly seconds: number;
  readonly error?: string;
}

/** The process of one contender: `contend.ts CASE CONTENDER INPUT OUTPUT`. */
if (import.meta.main) {
  const [, , caseName, name, input = '', output = ''] = process.argv;
  const contender = cases
    .find((one) => one.name === caseName)
    ?.contenders.find((one) => one.name === name);
  if (contender === undefined) throw new Error(`there is no ${name} in ${caseName}`);
  const convert = await contender.open();
  const startMs = performance.now();
  const error = await convert(input, output).then(
    () => undefined,
    (thrown: unknown) => String(thrown).split('\n')[0],
  );
  const report: Report = {
    seconds: (performance.now() - startMs) / 1000,
    ...(error === undefined ? {} : { error }),
  };
  process.stdout.write(`${JSON.stringify(report)}\n`, () => process.exit(0));
}
