import { createContext, use, type ReactNode } from 'react';
import { useConversions, type Conversions } from './use-conversions.ts';

const Held = createContext<Conversions | null>(null);

/** Holds a workspace's files while other pages are looked at: who follows a link comes back to them. */
export function HeldConversions({ children }: { children: ReactNode }) {
  return <Held value={useConversions()}>{children}</Held>;
}

export function useHeldConversions(): Conversions {
  const held = use(Held);
  if (held === null) throw new Error('Only pages of a workspace have files to convert.');
  return held;
}
