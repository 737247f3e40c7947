import { Anchor, SimpleGrid, Stack, Text } from '@mantine/core';
import type { Usage } from '@mutate/sdk';
import type { ReactNode } from 'react';
import { Link } from 'react-router';
import { Meter } from '../../components/Meter.tsx';
import { formatCount, formatDate, formatMany, formatMinor } from '../../format.ts';
import { useMayOpen } from '../../frame/use-may-open.ts';
import { useTimeZone, useWorkspaceId } from '../../session.ts';

/** Used, running, owed, and what is expected where there is a forecast: the figures of a period. */
export function UsageCards({ usage }: { usage: Usage }) {
  const timeZone = useTimeZone();
  const { conversions, concurrent, forecast, overage } = usage;
  return (
    <SimpleGrid
      cols={forecast === null ? { base: 1, xs: 3 } : { base: 2, md: 4 }}
      spacing={{ base: 'xs', sm: 'md' }}
    >
      <Card
        label="Conversions"
        figure={formatCount(conversions.used)}
        of={conversions.limit === null ? 'no limit' : `of ${formatCount(conversions.limit)}`}
        about={`Resets on ${formatDate(usage.period.end, timeZone)}`}
        to="usage"
      >
        <Meter
          label="Conversions used"
          used={conversions.used}
          reserved={conversions.reserved}
          limit={conversions.limit}
        />
      </Card>
      <Card
        label="Running now"
        figure={formatCount(concurrent.active)}
        of={
          concurrent.limit === null
            ? 'any number at once'
            : `of ${formatCount(concurrent.limit)} at once`
        }
        about={concurrent.queued === 0 ? 'None is waiting' : `${concurrent.queued} waiting`}
        to="conversions"
      >
        <Meter label="Slots in use" used={concurrent.active} limit={concurrent.limit} />
      </Card>
      {forecast === null ? null : (
        <Card
          label="Expected at the end"
          figure={formatCount(Math.round(forecast.period_end.expected))}
          of={`${formatCount(forecast.period_end.low)} to ${formatCount(forecast.period_end.high)}`}
          about={
            forecast.limit_reached_at === null
              ? 'Within the limit'
              : `Limit reached around ${formatDate(forecast.limit_reached_at, timeZone)}`
          }
          to="usage"
        />
      )}
      <Card
        label="Past the limit"
        figure={formatMinor(overage.amount_minor, overage.currency)}
        of={formatMany(conversions.overage, 'conversion')}
        about={policyInWords(usage)}
        to="usage"
      />
    </SimpleGrid>
  );
}

interface CardProps {
  label: string;
  figure: string;
  of: string;
  about: string;
  /** The page that explains the figure. */
  to: string;
  children?: ReactNode;
}

function Card({ label, figure, of, about, to, children }: CardProps) {
  const workspaceId = useWorkspaceId();
  const mayOpen = useMayOpen();
  return (
    <section className="panel" aria-label={label}>
      <Stack gap={8} p="md" h="100%">
        {mayOpen(to) ? (
          <Anchor component={Link} to={`/${workspaceId}/${to}`} size="sm" c="dimmed">
            {label}
          </Anchor>
        ) : (
          <Text size="sm" c="dimmed">
            {label}
          </Text>
        )}
        <div>
          <span className="figure">{figure}</span>{' '}
          <Text component="span" size="sm" c="dimmed">
            {of}
          </Text>
        </div>
        {children}
        <Text size="xs" c="dimmed" mt="auto">
          {about}
        </Text>
      </Stack>
    </section>
  );
}

function policyInWords({ overage }: Usage): string {
  switch (overage.policy) {
    case 'block':
      return 'The limit is firm: nothing is charged past it';
    case 'warn':
      return 'Counted past the limit, not charged';
    case 'charge':
      return overage.spend_cap_minor === null
        ? 'Charged past the limit, without a cap'
        : `Charged up to ${formatMinor(overage.spend_cap_minor, overage.currency)}`;
  }
}
