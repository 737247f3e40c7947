import type { Env, MarkdownIt, StateCore, Token } from 'markdown-it';
import footnotes from 'markdown-it-footnote';

/** What the plugin keeps while it reads: the notes that are referred to, in the order of that. */
interface Referred {
  readonly list?: readonly { readonly label: string; readonly count: number }[];
}

const unused = Symbol('labels of notes that nothing refers to');

/**
 * Footnotes as GitHub has them: `[^name]` in the text, `[^name]: …` anywhere. After the text come
 * `footnote_block_open`, each note between `footnote_open` and `footnote_close`, with its number less
 * one in `meta.id`, and `footnote_block_close`.
 */
export function addFootnotes(markdown: MarkdownIt): void {
  markdown.use(footnotes);
  // Notes within notes within notes: each level is read anew, without a bound.
  markdown.inline.ruler.disable('footnote_inline');
  // The plugin's own copies all tokens for each note.
  markdown.core.ruler.at('footnote_tail', moveNotes);
  markdown.renderer.rules['footnote_caption'] = (tokens, at) => `[${numberOf(tokens[at])}]`;
}

/** As it is shown, from 1. */
export function numberOf(note: Token | undefined): number {
  return ((note?.meta as { id?: number } | null)?.id ?? 0) + 1;
}

/** The names of notes that nothing refers to: they are left out, as on GitHub. */
export function unusedNotes(env: Env): readonly string[] {
  return (env as { [unused]?: readonly string[] })[unused] ?? [];
}

function moveNotes(state: StateCore): void {
  const { text, notes } = separate(state.tokens);
  const { list = [] } = (state.env['footnotes'] ?? {}) as Referred;
  const referred = new Set(list.map(({ label }) => label));
  const labels = [...notes.keys()].filter((label) => !referred.has(label));
  Object.assign(state.env, { [unused]: labels });
  if (list.length > 0) {
    text.push(new state.Token('footnote_block_open', '', 1));
    for (const [id, { label, count }] of list.entries()) {
      const token = (type: string, nesting: -1 | 0 | 1, meta: object | null) =>
        Object.assign(new state.Token(type, '', nesting), { meta });
      const note = notes.get(label) ?? [];
      const end = note.at(-1)?.type === 'paragraph_close' ? note.pop() : undefined;
      const anchor = (subId: number) => token('footnote_anchor', 0, { id, subId, label });
      text.push(token('footnote_open', 1, { id, label }));
      for (const one of note) text.push(one);
      for (let back = 0; back < count; back += 1) text.push(anchor(back));
      if (end !== undefined) text.push(end);
      text.push(token('footnote_close', -1, null));
    }
    text.push(new state.Token('footnote_block_close', '', -1));
  }
  state.tokens = text;
}

/** Of several notes of one name, the first counts. */
function separate(tokens: readonly Token[]): { text: Token[]; notes: Map<string, Token[]> } {
  const text: Token[] = [];
  const notes = new Map<string, Token[]>();
  const around: Token[][] = [];
  let into = text;
  for (const token of tokens) {
    if (token.type === 'footnote_reference_open') {
      const { label } = token.meta as { label: string };
      around.push(into);
      into = [];
      if (!notes.has(label)) notes.set(label, into);
    } else if (token.type === 'footnote_reference_close') into = around.pop() ?? text;
    else into.push(token);
  }
  return { text, notes };
}
