import { Button, Tooltip, UnstyledButton } from '@mantine/core';
import { useEffect, useState } from 'react';

/** Browsers on plain http have no clipboard of their own; there the old way is left. */
async function copy(text: string): Promise<void> {
  if (globalThis.navigator.clipboard !== undefined) {
    await globalThis.navigator.clipboard.writeText(text);
    return;
  }
  const area = document.createElement('textarea');
  area.value = text;
  document.body.append(area);
  area.select();
  document.execCommand('copy');
  area.remove();
}

function useCopied(text: string): [boolean, () => void] {
  const [isCopied, setCopied] = useState(false);
  useEffect(() => {
    if (!isCopied) return undefined;
    const timer = setTimeout(() => setCopied(false), 2_000);
    return () => clearTimeout(timer);
  }, [isCopied]);
  return [isCopied, () => void copy(text).then(() => setCopied(true))];
}

/** A button that copies a text. */
export function CopyButton({ text, label = 'Copy' }: { text: string; label?: string }) {
  const [isCopied, run] = useCopied(text);
  return (
    <Button size="xs" variant="default" onClick={run} aria-live="polite" flex="none">
      {isCopied ? 'Copied' : label}
    </Button>
  );
}

/** An id that copies itself when it is clicked. */
export function Id({ children }: { children: string }) {
  const [isCopied, run] = useCopied(children);
  return (
    <Tooltip label={isCopied ? 'Copied' : 'Copy'} withArrow>
      <UnstyledButton className="mono" onClick={run} ta="start" fz="inherit">
        {children}
      </UnstyledButton>
    </Tooltip>
  );
}
