import { Title } from '@mantine/core';
import type { ReactNode } from 'react';

interface PanelProps {
  title?: string;
  actions?: ReactNode;
  /** Without padding: for tables. */
  isFlush?: boolean;
  children: ReactNode;
}

/** A card with an optional head. */
export function Panel({ title, actions, isFlush = false, children }: PanelProps) {
  return (
    <section className="panel" aria-label={title}>
      {title === undefined ? null : (
        <div className="panel-head">
          <Title order={2} fz={15} lh={1.4}>
            {title}
          </Title>
          {actions}
        </div>
      )}
      <div className={isFlush ? undefined : 'panel-body'}>{children}</div>
    </section>
  );
}
