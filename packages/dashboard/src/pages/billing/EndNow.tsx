import { Radio, Stack, Text } from '@mantine/core';
import type { EndPreview, Subscription } from '@mutate/sdk';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { ActionDialog } from '../../components/ActionDialog.tsx';
import { Loaded } from '../../components/Loaded.tsx';
import { formatMinor } from '../../format.ts';
import { apiOf, platform } from '../../session.ts';

type Settlement = 'refund' | 'credit' | 'none';

interface EndNowProps {
  workspaceId: string;
  subscription: Subscription;
  reload: () => Promise<unknown>;
}

/** The operator's way to end a subscription at once: what is paid and left is reckoned first. */
export function EndNow({ workspaceId, subscription, reload }: EndNowProps) {
  const [isOpen, setOpen] = useState(false);
  const [settlement, setSettlement] = useState<Settlement | null>(null);
  const preview = useQuery({
    queryKey: ['admin', 'end-preview', workspaceId],
    queryFn: ({ signal }) => platform.admin.workspaces.previewEnd(workspaceId, { signal }),
    enabled: isOpen,
    gcTime: 0,
  });
  return (
    <ActionDialog
      label="End it now"
      title={`End ${subscription.plan.name} now?`}
      isDisabled={settlement === null || preview.data === undefined}
      onOpen={() => {
        setSettlement(null);
        setOpen(true);
        if (isOpen) void preview.refetch();
      }}
      onSubmit={async () => {
        if (settlement === null) return;
        await apiOf(workspaceId).subscription.cancel({ when: 'now', settlement });
        await reload();
      }}
    >
      <Text size="sm">
        The workspace is on Free at once. This cannot be taken back: only a new subscription brings{' '}
        {subscription.plan.name} again.
      </Text>
      <Loaded query={preview} lines={3}>
        {(data) => (
          <Stack gap="sm">
            <Radio.Group
              label="What becomes of the time that is paid and left"
              value={settlement ?? ''}
              onChange={(value) => setSettlement(value as Settlement)}
            >
              <Stack gap="xs" mt={6}>
                {choicesOf(data).map(([value, label]) => (
                  <Radio key={value} value={value} label={label} />
                ))}
              </Stack>
            </Radio.Group>
            <Text size="xs" c="dimmed">
              {aboutOf(data)}
            </Text>
          </Stack>
        )}
      </Loaded>
    </ActionDialog>
  );
}

function choicesOf({ currency, refund, credit }: EndPreview): [Settlement, string][] {
  const money = (minor: number) => formatMinor(minor, currency);
  const choices: [Settlement, string][] = [];
  if (refund !== null) {
    const { to_card_minor: card, to_balance_minor: balance } = refund;
    const rest = balance === 0 ? '' : `, ${money(balance)} to its balance`;
    choices.push(['refund', `Pay back ${money(card)} to the card${rest}`]);
  }
  if (credit !== null) {
    choices.push(['credit', `Keep ${money(credit.to_balance_minor)} in its favour`]);
  }
  return [...choices, ['none', 'Give nothing back']];
}

function aboutOf({ currency, refund, overage_minor: overage }: EndPreview): string {
  const past =
    overage === 0
      ? ''
      : ` ${formatMinor(overage, currency)} past the limit goes onto an invoice an hour later.`;
  return refund === null
    ? `The period is not paid, so nothing is left of it.${past}`
    : `Reckoned to this second; it is less the longer you wait.${past}`;
}
