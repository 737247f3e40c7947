import { parseArgs } from 'node:util';

import { UsageError, type Command, type Flags, type Io } from './command.ts';
import { convertCommand } from './commands/convert.ts';
import { doctorCommand } from './commands/doctor.ts';
import { formatsCommand } from './commands/formats.ts';
import { helpFor } from './commands/help.ts';
import { invoicesCommand } from './commands/invoices.ts';
import { jobCommand } from './commands/job.ts';
import { keysCommand } from './commands/keys.ts';
import { membersCommand } from './commands/members.ts';
import { plansCommand } from './commands/plans.ts';
import { subscriptionCommand } from './commands/subscription.ts';
import { usageCommand } from './commands/usage.ts';
import { webhooksCommand } from './commands/webhooks.ts';
import { workspaceCommand } from './commands/workspace.ts';
import { exitCodeOf, exitCodes } from './exit-codes.ts';
import { explainError } from './explain-error.ts';
import { version } from './version.ts';

const commands: readonly Command[] = [
  convertCommand,
  jobCommand,
  usageCommand,
  plansCommand,
  subscriptionCommand,
  invoicesCommand,
  webhooksCommand,
  keysCommand,
  membersCommand,
  workspaceCommand,
  formatsCommand,
  doctorCommand,
];

/**
 * Runs one command line. Resolves with the exit code; every failure has been told on stderr.
 */
export async function runMutate(args: readonly string[], io: Io): Promise<number> {
  try {
    return await dispatch(args, io);
  } catch (error) {
    io.stderr.write(explainError(error));
    return exitCodeOf(error);
  }
}

async function dispatch(args: readonly string[], io: Io): Promise<number> {
  const [name, ...rest] = args;
  if (name === undefined) {
    io.stderr.write(helpFor(commands, undefined));
    return exitCodes.usage;
  }
  if (name === '--version' || name === '-V') {
    io.stdout.write(`mutate ${version}\n`);
    return exitCodes.ok;
  }
  if (name === 'help' || name === '--help' || name === '-h') {
    io.stdout.write(helpFor(commands, rest[0]));
    return exitCodes.ok;
  }
  const command = commands.find((candidate) => candidate.name === name);
  if (command === undefined) {
    const names = commands.map((candidate) => candidate.name).join(', ');
    throw new UsageError(`There is no command "${name}"; there are ${names} and help.`);
  }
  const { flags, positionals } = parse(command, rest);
  if (flags['help'] === true) {
    io.stdout.write(helpFor(commands, name));
    return exitCodes.ok;
  }
  return command.run({ io, flags, positionals });
}

function parse(command: Command, args: string[]): { flags: Flags; positionals: string[] } {
  const options = { ...command.options, help: { type: 'boolean', short: 'h' } } as const;
  try {
    const { values, positionals } = parseArgs({ args, options, allowPositionals: true });
    return { flags: values, positionals };
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
    throw new UsageError(`${error.message} See "mutate help ${command.name}".`);
  }
}
