export type Tone = 'good' | 'warn' | 'bad' | 'live' | 'calm';

/** A state in one word; the colour only repeats what the word says. */
export function Badge({ tone, children }: { tone: Tone; children: string }) {
  return (
    <span className="badge" data-tone={tone}>
      {children}
    </span>
  );
}
