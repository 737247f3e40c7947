import type { UsageBucket } from '@mutate/sdk';
import { useQuery } from '@tanstack/react-query';
import { Empty } from '../../components/Empty.tsx';
import { Loaded } from '../../components/Loaded.tsx';
import { Rows } from '../../components/Rows.tsx';
import { formatBytes, formatCount } from '../../format.ts';
import { useApi, useWorkspaceId } from '../../session.ts';
import { useGroupNames } from './use-group-names.ts';

export type Grouping = 'type' | 'api_key' | 'member';

interface UsageTableProps {
  groupBy: Grouping;
  from: string;
}

interface Sum extends Pick<UsageBucket, 'conversions' | 'overage' | 'failed' | 'bytes_in'> {
  group: string | null;
}

const headers = { type: 'Type', api_key: 'API key', member: 'Member' };

/** What was used since a day, by type, key or member, the largest first. */
export function UsageTable({ groupBy, from }: UsageTableProps) {
  const api = useApi();
  const workspaceId = useWorkspaceId();
  const nameOf = useGroupNames(groupBy);
  const history = useQuery({
    queryKey: [workspaceId, 'usage', 'history', 'by', groupBy, from],
    queryFn: ({ signal }) => api.usage.history({ interval: 'day', from, groupBy, signal }),
    select: sumUp,
  });
  return (
    <Loaded query={history}>
      {(sums) =>
        sums.length === 0 ? (
          <Empty title="Nothing was used in this time">Choose a longer one above.</Empty>
        ) : (
          <Rows
            caption={`Usage by ${headers[groupBy]}`}
            rows={sums}
            keyOf={({ group }) => group ?? ''}
            columns={[
              { header: headers[groupBy], cell: ({ group }) => nameOf(group) },
              {
                header: 'Conversions',
                isNumeric: true,
                cell: ({ conversions }) => formatCount(conversions),
              },
              {
                header: 'Past the limit',
                isNumeric: true,
                cell: ({ overage }) => formatCount(overage),
              },
              { header: 'Failed', isNumeric: true, cell: ({ failed }) => formatCount(failed) },
              { header: 'Received', isNumeric: true, cell: (sum) => formatBytes(sum.bytes_in) },
            ]}
          />
        )
      }
    </Loaded>
  );
}

function sumUp(buckets: UsageBucket[]): Sum[] {
  const sums = new Map<string | null, Sum>();
  for (const bucket of buckets) {
    const group = bucket.group ?? null;
    const sum = sums.get(group) ?? { group, conversions: 0, overage: 0, failed: 0, bytes_in: 0 };
    sum.conversions += bucket.conversions;
    sum.overage += bucket.overage;
    sum.failed += bucket.failed;
    sum.bytes_in += bucket.bytes_in;
    sums.set(group, sum);
  }
  return [...sums.values()].toSorted((a, b) => b.conversions - a.conversions);
}
