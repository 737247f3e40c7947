import { describe, expect, test } from 'vitest';
import { mailRetrySchedule } from './mail/send-mail.ts';
import { retrySeconds } from './retry-schedule.ts';
import { webhookRetrySchedule } from './webhooks/send-webhook.ts';

const minute = 60;
const hour = 3_600;

describe('the schedules', () => {
  test('a webhook is tried ten times, as Standard Webhooks suggests', () => {
    expect(webhookRetrySchedule).toEqual([
      5,
      5 * minute,
      30 * minute,
      ...[2, 5, 10, 14, 20, 24].map((hours) => hours * hour),
    ]);
  });

  test('a mail is tried nine times, in two days', () => {
    expect(mailRetrySchedule).toHaveLength(8);
    expect(mailRetrySchedule.reduce((sum, seconds) => sum + seconds)).toBeLessThan(48 * hour);
  });
});

describe('retrySeconds', () => {
  const schedule = [100, 1_000];

  test('waits by the schedule, a tenth more or less', () => {
    expect(retrySeconds(schedule, 1, () => 0)).toBe(90);
    expect(retrySeconds(schedule, 1, () => 0.5)).toBe(100);
    expect(retrySeconds(schedule, 2, () => 1)).toBe(1_100);
    const waits = Array.from({ length: 200 }, () => retrySeconds(schedule, 2) ?? 0);
    expect(Math.min(...waits)).toBeGreaterThanOrEqual(900);
    expect(Math.max(...waits)).toBeLessThanOrEqual(1_100);
    expect(new Set(waits).size).toBeGreaterThan(20);
  });

  test('is null after the last attempt', () => {
    expect(retrySeconds(schedule, 3)).toBeNull();
    expect(retrySeconds([], 1)).toBeNull();
  });
});
