import { Skeleton } from '@mantine/core';
import type { UsageBucket } from '@mutate/sdk';
import { lazy, Suspense } from 'react';
import { Empty } from '../../components/Empty.tsx';
import { formatMany } from '../../format.ts';

const BarsOverTime = lazy(async () => {
  const { BarsOverTime: loaded } = await import('../../components/BarsOverTime.tsx');
  return { default: loaded };
});

/** Distinct in both schemes and for the colour-blind, the largest first; the rest is grey. */
const colours = ['spruce.6', 'orange.5', 'indigo.4', 'yellow.5', 'grape.4'];
const rest = 'other types';

/** Conversions of each day or month, by type. */
export function UsageChart({ buckets, isMonthly }: { buckets: UsageBucket[]; isMonthly: boolean }) {
  const types = largestTypes(buckets);
  const data = buckets.toReversed().map((bucket) => toBar(bucket, types, isMonthly));
  const total = buckets.reduce((sum, { conversions }) => sum + conversions, 0);
  if (total === 0) {
    return (
      <Empty title="Nothing was counted in this time">
        Each conversion that is done shows here, on its day.
      </Empty>
    );
  }
  const hasRest = data.some((bar) => rest in bar);
  const series = types.map((name, at) => ({ name, label: name, color: colours[at] ?? 'gray.5' }));
  if (hasRest) series.push({ name: rest, label: rest, color: 'gray.5' });
  return (
    <Suspense fallback={<Skeleton height={240} />}>
      <BarsOverTime
        label={`${formatMany(total, 'conversion')} in ${formatMany(buckets.length, isMonthly ? 'month' : 'day')}`}
        data={data}
        nameOf="at"
        series={series}
      />
    </Suspense>
  );
}

function largestTypes(buckets: UsageBucket[]): string[] {
  const sums = new Map<string, number>();
  for (const { breakdown } of buckets) {
    for (const [type, count] of Object.entries(breakdown ?? {})) {
      sums.set(type, (sums.get(type) ?? 0) + count);
    }
  }
  const sorted = [...sums].toSorted(([, a], [, b]) => b - a);
  return sorted.slice(0, colours.length).map(([type]) => type);
}

function toBar(bucket: UsageBucket, types: string[], isMonthly: boolean) {
  const bar: Record<string, string | number> = { at: nameOf(bucket.start, isMonthly) };
  for (const [type, count] of Object.entries(bucket.breakdown ?? {})) {
    const name = types.includes(type) ? type : rest;
    bar[name] = Number(bar[name] ?? 0) + count;
  }
  return bar;
}

/** Buckets are those of UTC. */
function nameOf(start: string, isMonthly: boolean): string {
  const shape = isMonthly
    ? ({ month: 'short', year: '2-digit' } as const)
    : ({ month: 'short', day: 'numeric' } as const);
  return new Intl.DateTimeFormat('en', { ...shape, timeZone: 'UTC' }).format(new Date(start));
}
