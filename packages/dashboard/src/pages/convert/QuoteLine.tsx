import { Anchor, Text } from '@mantine/core';
import type { Quote } from '@mutate/sdk';
import { useQuery } from '@tanstack/react-query';
import { Link } from 'react-router';
import { formatAmount, formatCount, formatDate } from '../../format.ts';
import { useApi, useTimeZone, useWorkspaceId } from '../../session.ts';

interface QuoteLineProps {
  from: string;
  to: string;
  sizeBytes: number;
}

/** What the conversion would count or cost, before anything is sent. */
export function QuoteLine({ from, to, sizeBytes }: QuoteLineProps) {
  const api = useApi();
  const timeZone = useTimeZone();
  const workspaceId = useWorkspaceId();
  const quote = useQuery({
    queryKey: [workspaceId, 'quote', from, to, sizeBytes],
    queryFn: () => api.conversions.quote({ from, to, sizeBytes }),
  });
  if (quote.data === undefined) {
    return (
      <Text size="sm" c="dimmed">
        {quote.isError ? 'No quote for this one; the server decides when it is sent.' : 'Asking …'}
      </Text>
    );
  }
  const isAllowed = quote.data.allowed;
  return (
    <Text size="sm" c={isAllowed ? 'dimmed' : 'var(--page-bad)'}>
      {inWords(quote.data, timeZone)}{' '}
      {isAllowed || quote.data.verdict === 'concurrency_limited' ? null : (
        <Anchor component={Link} to={`/${workspaceId}/usage`} size="sm">
          See your limits
        </Anchor>
      )}
    </Text>
  );
}

function inWords(quote: Quote, timeZone: string): string {
  const resets = formatDate(quote.resets_at, timeZone);
  switch (quote.verdict) {
    case 'allowed':
      return quote.remaining === null
        ? 'Included: your plan has no monthly limit.'
        : `Counts 1 of ${formatCount(quote.remaining)} left until ${resets}.`;
    case 'allowed_overage': {
      const { unit_amount: amount, currency } = quote;
      return amount === null || currency === null || Number(amount) === 0
        ? 'Past your monthly limit: counted, at no charge.'
        : `Past your monthly limit: costs ${formatAmount(amount, currency)}.`;
    }
    case 'quota_exceeded':
      return `All ${formatCount(quote.limit ?? 0)} conversions of this period are used. New ones from ${resets}.`;
    case 'file_too_large':
      return 'This file is larger than your plan allows.';
    case 'spend_cap_reached':
      return `Your spend cap is reached. New conversions from ${resets}.`;
    case 'payment_overdue':
      return 'An invoice is overdue: conversions are paused until it is paid.';
    case 'suspended':
      return 'This workspace is suspended.';
    default:
      return 'All slots are busy; it will wait for its turn.';
  }
}
