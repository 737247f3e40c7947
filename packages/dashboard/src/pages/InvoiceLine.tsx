import { Anchor, Stack, Text } from '@mantine/core';
import type { CountedConversion, LineExplanation } from '@mutate/sdk';
import { useInfiniteQuery } from '@tanstack/react-query';
import { Link, useParams } from 'react-router';
import { Facts } from '../components/Facts.tsx';
import { Loaded } from '../components/Loaded.tsx';
import { More } from '../components/More.tsx';
import { Page } from '../components/Page.tsx';
import { Panel } from '../components/Panel.tsx';
import { Rows } from '../components/Rows.tsx';
import { formatAmount, formatCount, formatMinor, formatTime } from '../format.ts';
import { useMayOpen } from '../frame/use-may-open.ts';
import { useApi, useTimeZone, useWorkspaceId } from '../session.ts';

export function Component() {
  const workspaceId = useWorkspaceId();
  const { invoiceId = '' } = useParams();
  const explanation = useExplanation();
  return (
    <Page
      title="Why this line"
      about={
        <Anchor component={Link} to={`/${workspaceId}/billing/invoices/${invoiceId}`} size="sm">
          Back to the invoice
        </Anchor>
      }
    >
      <Loaded query={explanation} lines={8}>
        {({ pages }) => {
          const [first] = pages;
          if (first === undefined) return null;
          const counted = pages.flatMap(({ conversions }) => conversions?.data ?? []);
          return (
            <>
              <Why explanation={first} />
              {counted.length === 0 ? null : (
                <Panel title="The conversions it counts" isFlush>
                  <Conversions counted={counted} currency={first.currency} />
                  <More pages={explanation} />
                </Panel>
              )}
            </>
          );
        }}
      </Loaded>
    </Page>
  );
}

function useExplanation() {
  const api = useApi();
  const workspaceId = useWorkspaceId();
  const { invoiceId = '', lineId = '' } = useParams();
  return useInfiniteQuery({
    queryKey: [workspaceId, 'billing', 'line', invoiceId, lineId],
    queryFn: ({ pageParam: cursor, signal }) =>
      api.invoices.explain(invoiceId, lineId, { cursor, limit: 25, signal }),
    initialPageParam: undefined as string | undefined,
    getNextPageParam: ({ conversions }) =>
      conversions?.has_more === true ? (conversions.next_cursor ?? undefined) : undefined,
  });
}

function Why({ explanation }: { explanation: LineExplanation }) {
  const { line, currency, rule, sources, arithmetic } = explanation;
  return (
    <>
      <Panel title={line.description}>
        <Stack>
          <div>
            <span className="figure">{formatMinor(line.amount_minor, currency)}</span>
            <Text size="sm" c="dimmed">
              {rule}
            </Text>
          </div>
          <pre className="code" tabIndex={0} aria-label="The arithmetic">
            {arithmetic.text}
          </pre>
          {arithmetic.rounding === null ? null : (
            <Text size="xs" c="dimmed">
              {arithmetic.rounding}
            </Text>
          )}
        </Stack>
      </Panel>
      {sources.map((source) => (
        <Source
          key={`${source.plan.id} ${source.plan.version} ${source.override?.id ?? ''}`}
          source={source}
        />
      ))}
    </>
  );
}

function Source({ source: { plan, quantity, override } }: SourceProps) {
  const timeZone = useTimeZone();
  return (
    <Panel title="What set the price">
      <Facts
        facts={[
          ['Plan', `${plan.name}, version ${plan.version}`],
          ...(quantity === null ? [] : [['Conversions', formatCount(quantity)] as const]),
          ...(override === null
            ? []
            : [
                ['Override', override.reason ?? override.id] as const,
                ['Set by', override.author?.id ?? 'unknown'] as const,
                [
                  'Until',
                  override.expires_at === null
                    ? 'it is removed'
                    : formatTime(override.expires_at, timeZone),
                ] as const,
              ]),
        ]}
      />
    </Panel>
  );
}

interface SourceProps {
  source: LineExplanation['sources'][number];
}

function Conversions(props: { counted: readonly CountedConversion[]; currency: string }) {
  const { counted, currency } = props;
  const workspaceId = useWorkspaceId();
  const timeZone = useTimeZone();
  const mayOpen = useMayOpen();
  return (
    <Rows
      caption="Conversions"
      rows={counted}
      keyOf={({ id }) => id}
      columns={[
        {
          header: 'Conversion',
          cell: ({ id }) =>
            mayOpen('conversions') ? (
              <Anchor
                component={Link}
                to={`/${workspaceId}/conversions/${id}`}
                size="xs"
                className="mono"
              >
                {id}
              </Anchor>
            ) : (
              <Text size="xs" className="mono" component="span">
                {id}
              </Text>
            ),
        },
        { header: 'Type', cell: ({ type }) => <span className="mono">{type}</span> },
        { header: 'Done', cell: ({ completed_at: at }) => formatTime(at, timeZone) },
        {
          header: 'Price',
          isNumeric: true,
          cell: ({ unit_amount: unit }) => formatAmount(unit, currency),
        },
      ]}
    />
  );
}
