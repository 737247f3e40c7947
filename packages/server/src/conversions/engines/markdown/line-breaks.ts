import type { MarkdownIt } from 'markdown-it';

const tag = /<br ?\/?>/iuy;

/** The one tag that is obeyed: in a cell of a table there is no other way to break a line. */
export function addLineBreaks(markdown: MarkdownIt): void {
  markdown.inline.ruler.before('autolink', 'line_break_tag', (state, silent) => {
    if (state.src.codePointAt(state.pos) !== 0x3c) return false;
    tag.lastIndex = state.pos;
    const [found] = tag.exec(state.src) ?? [];
    if (found === undefined) return false;
    if (!silent) state.push('hardbreak', 'br', 0);
    state.pos += found.length;
    return true;
  });
}
