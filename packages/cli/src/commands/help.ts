import { UsageError, type Command } from '../command.ts';
import { formatTable } from '../format.ts';

/** The text of `mutate help [command]`. @throws UsageError for an unknown command */
export function helpFor(commands: readonly Command[], name: string | undefined): string {
  if (name === undefined) {
    const rows = commands.map((command) => [`  mutate ${command.name}`, command.summary]);
    rows.push(['  mutate help COMMAND', 'what a command does and takes']);
    rows.push(['  mutate --version', 'the version of this program']);
    return `Converts files with a Mutate server.\n\n${formatTable(rows)}
Connection: MUTATE_URL, MUTATE_API_KEY and MUTATE_WORKSPACE, or --url, --api-key and --workspace.
Exit codes: 0 done, 1 failed, 2 wrong command line, 3 refused by a quota or limit,
  4 the document or its format, 5 credentials, 130 interrupted.
`;
  }
  const command = commands.find((candidate) => candidate.name === name);
  if (command === undefined) throw new UsageError(`There is no command "${name}".`);
  return `${command.help.trim()}\n`;
}
