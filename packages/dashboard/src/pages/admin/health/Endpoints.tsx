import { Button, Text } from '@mantine/core';
import type { Health } from '@mutate/sdk';
import { useState } from 'react';
import { Empty } from '../../../components/Empty.tsx';
import { Panel } from '../../../components/Panel.tsx';
import { Rows } from '../../../components/Rows.tsx';
import { formatCount, formatDuration } from '../../../format.ts';

const shownAtFirst = 8;

/** How long requests take by endpoint, the slowest first. */
export function Endpoints({ endpoints }: { endpoints: Health['endpoints'] }) {
  const [isWhole, setWhole] = useState(false);
  const shown = isWhole ? endpoints : endpoints.slice(0, shownAtFirst);
  return (
    <Panel title="Slowest endpoints, last hour" isFlush>
      {endpoints.length === 0 ? (
        <Empty title="Nothing was asked in the last hour" />
      ) : (
        <Rows
          caption="Endpoints"
          rows={shown}
          keyOf={({ method, path }) => `${method} ${path}`}
          columns={[
            {
              header: 'Endpoint',
              cell: ({ method, path }) => (
                <span className="mono breakable">
                  {method} {path}
                </span>
              ),
            },
            { header: 'Half within', isNumeric: true, cell: ({ p50_ms: ms }) => inWords(ms) },
            { header: '99 % within', isNumeric: true, cell: ({ p99_ms: ms }) => inWords(ms) },
            { header: 'Requests', isNumeric: true, cell: ({ requests }) => formatCount(requests) },
            { header: 'Our errors', isNumeric: true, cell: ({ errors }) => formatCount(errors) },
          ]}
        />
      )}
      <Text size="xs" c="dimmed" px={20} py="sm">
        In the process that answered, until its answer began: uploads and conversions that somebody
        waits for count.
      </Text>
      {endpoints.length <= shownAtFirst ? null : (
        <Button
          variant="subtle"
          size="xs"
          mx={12}
          mb="sm"
          aria-expanded={isWhole}
          onClick={() => setWhole(!isWhole)}
        >
          {isWhole ? 'Only the slowest' : `All ${formatCount(endpoints.length)}`}
        </Button>
      )}
    </Panel>
  );
}

function inWords(ms: number): string {
  return ms < 10 ? `${ms} ms` : formatDuration(ms);
}
