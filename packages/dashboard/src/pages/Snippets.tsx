import { Anchor, Stack, Text } from '@mantine/core';
import { Link } from 'react-router';
import { Code } from '../components/Code.tsx';
import { Page } from '../components/Page.tsx';
import { Panel } from '../components/Panel.tsx';
import { useMayOpen } from '../frame/use-may-open.ts';
import { useWorkspaceId } from '../session.ts';

export function Component() {
  const workspaceId = useWorkspaceId();
  const mayOpen = useMayOpen();
  const origin = globalThis.location.origin;
  const base = `${origin}/v1/workspaces/${workspaceId}`;
  return (
    <Page title="Snippets" about="To copy and run, with the address and id of this workspace.">
      <Panel title="Once">
        <Stack>
          <Text size="sm">
            {mayOpen('api-keys') ? (
              <Anchor component={Link} to={`/${workspaceId}/api-keys`} size="sm">
                Create an API key
              </Anchor>
            ) : (
              'Ask an owner or admin for an API key'
            )}{' '}
            and put it where your shell finds it:
          </Text>
          <Code title="Shell" text={shellOf(origin, workspaceId)} />
        </Stack>
      </Panel>
      <Panel title="curl">
        <Stack>
          <Code
            title="Convert, and save the result"
            text={`curl -sS -H "Authorization: Bearer $MUTATE_API_KEY" \\
  -F file=@sales.xlsx -F to=csv \\
  "${base}/conversions?response=file" -o sales.csv`}
          />
          <Code
            title="See what was counted"
            text={`curl -sS -H "Authorization: Bearer $MUTATE_API_KEY" ${base}/usage`}
          />
        </Stack>
      </Panel>
      <Panel title="TypeScript">
        <Code title="With the SDK" text={sdkOf(origin, workspaceId)} />
      </Panel>
      <Panel title="Command line">
        <Code
          title="In a clone of the repository"
          text={`npm run mutate -- convert sales.xlsx --to csv\nnpm run mutate -- usage`}
        />
      </Panel>
      <Text size="sm" c="dimmed">
        Everything else is in the{' '}
        <Anchor href="/docs" size="sm">
          API reference
        </Anchor>
        ; what an error code means is in the{' '}
        <Anchor href="/docs/errors" size="sm">
          list of errors
        </Anchor>
        .
      </Text>
    </Page>
  );
}

function shellOf(origin: string, workspaceId: string): string {
  return `export MUTATE_API_KEY=mk_live_…
export MUTATE_URL=${origin}
export MUTATE_WORKSPACE=${workspaceId}`;
}

function sdkOf(origin: string, workspaceId: string): string {
  return `import { writeFile } from 'node:fs/promises';
import { Mutate } from '@mutate/sdk';

const mutate = new Mutate({
  apiKey: process.env.MUTATE_API_KEY,
  baseUrl: '${origin}',
  workspaceId: '${workspaceId}',
});

const { job, output } = await mutate.conversions.convert({ file: 'sales.xlsx', to: 'csv' });
await writeFile(job.output.filename, output);`;
}
