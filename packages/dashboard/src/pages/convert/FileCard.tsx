import { Anchor, Button, Collapse, Group, Progress, Select, Stack, Text } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { errorFromJob, type Format, type Job } from '@mutate/sdk';
import { useMutation } from '@tanstack/react-query';
import { useEffect, useRef } from 'react';
import { Link } from 'react-router';
import { JobBadge } from '../../components/JobBadge.tsx';
import { Problem } from '../../components/Problem.tsx';
import { formatBytes, formatDuration } from '../../format.ts';
import { useApi, useWorkspaceId } from '../../session.ts';
import { downloadPath } from '../conversions/download-path.ts';
import { allTargets, targetsOf } from './guess-format.ts';
import { OptionFields } from './OptionFields.tsx';
import { QuoteLine } from './QuoteLine.tsx';
import { Refusal } from './Refusal.tsx';
import type { Conversions, Item } from './use-conversions.ts';

interface FileCardProps {
  item: Item;
  formats: readonly Format[];
  conversions: Conversions;
}

/** One file from the choice of its target to its download. */
export function FileCard({ item, formats, conversions }: FileCardProps) {
  const { key, name, state } = item;
  const card = useKeptFocus(state);
  const isEditable = state === 'ready' || state === 'failed';
  return (
    <section className="panel" aria-label={name} ref={card} tabIndex={-1}>
      <Stack gap="sm" className="panel-body">
        <Group justify="space-between" wrap="nowrap" align="flex-start">
          <div>
            <Text fw={500} size="sm" className="breakable">
              {name}
            </Text>
            <Text size="xs" c="dimmed" className="breakable">
              {aboutOf(item)}
            </Text>
          </div>
          {/* Always there, or what comes into it would not be said. */}
          <div role="status">
            {item.job === null ? null : (
              <>
                <span className="unseen">{name}: </span>
                <JobBadge status={item.job.status} />
              </>
            )}
          </div>
        </Group>
        {isEditable ? <Choice item={item} formats={formats} conversions={conversions} /> : null}
        {state === 'running' ? <Running item={item} /> : null}
        {state === 'done' && item.job !== null ? <Done job={item.job} /> : null}
        {state === 'failed' ? (
          <Refusal
            error={item.error ?? (item.job === null ? null : errorFromJob(item.job))}
            onTarget={(to) => conversions.change(key, { to })}
          />
        ) : null}
      </Stack>
    </section>
  );
}

/** The button that was pressed goes with its state; what comes in its place begins here. */
function useKeptFocus(state: Item['state']) {
  const card = useRef<HTMLElement>(null);
  const before = useRef(state);
  useEffect(() => {
    if (before.current === state) return;
    before.current = state;
    if (document.activeElement === document.body) card.current?.focus({ preventScroll: true });
  }, [state]);
  return card;
}

function aboutOf({ source, sizeBytes, from }: Item): string {
  const format = from ?? 'unknown format';
  if ('sourceUrl' in source) return `${source.sourceUrl}${from === null ? '' : ` · ${from}`}`;
  return `${formatBytes(sizeBytes ?? 0)} · ${format}`;
}

/** What a fetched file is shows when it is there, so anything may be asked for. */
function choicesOf({ source, from }: Item, formats: readonly Format[]): Format[] {
  if (from !== null) return targetsOf(formats, from);
  return 'sourceUrl' in source ? allTargets(formats) : [];
}

function Choice({ item, formats, conversions }: FileCardProps) {
  const { key, name, from, to } = item;
  const [hasOptions, { toggle }] = useDisclosure(false);
  const targets = choicesOf(item, formats);
  const chosen = from === null ? undefined : targets.find((format) => format.to === to);
  if (targets.length === 0) {
    return (
      <Group justify="space-between">
        <Text size="sm">
          No conversion is offered for this file.{' '}
          <Anchor href="/v1/formats">What is offered</Anchor>
        </Text>
        <RemoveButton onClick={() => conversions.remove(key)} name={name} />
      </Group>
    );
  }
  return (
    <>
      <Group align="flex-end" gap="sm">
        <Select
          label="Convert to"
          searchable
          w={240}
          allowDeselect={false}
          value={to}
          data={targets.map((format) => ({ value: format.to, label: format.target.title }))}
          onChange={(next) => conversions.change(key, { to: next, options: {} })}
        />
        {chosen === undefined ? null : (
          <Button variant="default" onClick={toggle} aria-expanded={hasOptions}>
            Options
          </Button>
        )}
        <Button onClick={() => void conversions.start([key])} disabled={to === null}>
          {item.state === 'failed' ? 'Try again' : 'Convert'}
        </Button>
        <RemoveButton onClick={() => conversions.remove(key)} name={name} />
      </Group>
      {chosen === undefined ? null : (
        <Collapse expanded={hasOptions}>
          <OptionFields
            key={chosen.type}
            schema={chosen.options}
            values={item.options}
            onChange={(options) => conversions.change(key, { options })}
          />
        </Collapse>
      )}
      {item.state === 'ready' && from !== null && to !== null ? (
        <QuoteLine from={from} to={to} sizeBytes={item.sizeBytes ?? 1} />
      ) : null}
    </>
  );
}

function RemoveButton({ onClick, name }: { onClick: () => void; name: string }) {
  return (
    <Button
      variant="subtle"
      color="gray"
      c="dimmed"
      onClick={onClick}
      aria-label={`Remove ${name}`}
    >
      Remove
    </Button>
  );
}

function Running({ item }: Pick<FileCardProps, 'item'>) {
  const { job, name, source } = item;
  const api = useApi();
  const cancel = useMutation({ mutationFn: (id: string) => api.conversions.cancel(id) });
  const percent = job?.progress.percent ?? 0;
  return (
    <Stack gap={6}>
      <Progress value={percent === 0 ? 4 : percent} animated aria-label={`Progress of ${name}`} />
      <Group justify="space-between">
        <Text size="sm" c="dimmed">
          {job === null
            ? 'file' in source
              ? 'Sending …'
              : 'Fetching …'
            : `${job.progress.phase} · ${percent} %`}
        </Text>
        {job === null ? null : (
          <Button
            size="xs"
            variant="default"
            loading={cancel.isPending}
            onClick={() => cancel.mutate(job.id)}
          >
            Cancel
          </Button>
        )}
      </Group>
      {cancel.isError ? <Problem error={cancel.error} /> : null}
    </Stack>
  );
}

function Done({ job }: { job: Job }) {
  const workspaceId = useWorkspaceId();
  if (job.output === null) return null;
  return (
    <Group justify="space-between">
      <div>
        <Text size="sm" className="breakable">
          {job.output.filename}
        </Text>
        <Text size="xs" c="dimmed">
          {formatBytes(job.output.size_bytes)}
          {job.duration_ms === null ? '' : ` · ${formatDuration(job.duration_ms)}`}
          {job.warnings.length === 0 ? '' : ` · ${job.warnings.map((w) => w.detail).join(' ')}`}
        </Text>
      </div>
      <Group gap="sm">
        <Anchor component={Link} to={`/${workspaceId}/conversions/${job.id}`} size="sm">
          Details
        </Anchor>
        <Button component="a" href={downloadPath(job.output.url)} download>
          Download
        </Button>
      </Group>
    </Group>
  );
}
