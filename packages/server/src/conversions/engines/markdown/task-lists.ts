import type { MarkdownIt, Token } from 'markdown-it';

const box = /^\[([ xX])\][ \t\n]+(?=\S)/u;

/**
 * Task lists as GitHub has them: an item that begins with `[ ]` or `[x]` gets a token `task_box` there,
 * whose `meta.checked` says which, and the classes that style sheets know.
 */
export function addTaskLists(markdown: MarkdownIt): void {
  markdown.core.ruler.push('task_lists', ({ tokens, Token: TokenOf }) => {
    const lists: Token[] = [];
    for (const [at, token] of tokens.entries()) {
      if (/^(?:bullet|ordered)_list_open$/u.test(token.type)) lists.push(token);
      else if (/^(?:bullet|ordered)_list_close$/u.test(token.type)) lists.pop();
      const item = tokens[at - 2];
      const list = lists.at(-1);
      if (token.type !== 'inline' || item?.type !== 'list_item_open' || !list) continue;
      const [first] = token.children ?? [];
      const [mark, state] = box.exec(token.content) ?? [];
      // A link may be called "x" too.
      if (mark === undefined || !first?.content.startsWith(mark.slice(0, 3))) continue;
      first.content = first.content.slice(3).trimStart();
      const task = new TokenOf('task_box', 'input', 0);
      task.meta = { checked: state !== ' ' };
      token.children?.unshift(task);
      item.attrJoin('class', 'task-list-item');
      if (!/(?:^| )contains-task-list/u.test(String(list.attrGet('class') ?? ''))) {
        list.attrJoin('class', 'contains-task-list');
      }
    }
  });
  markdown.renderer.rules['task_box'] = (tokens, at) => {
    const checked = isChecked(tokens[at]) ? ' checked=""' : '';
    return `<input type="checkbox" class="task-list-item-checkbox"${checked} disabled=""> `;
  };
}

export function isChecked(token: Token | undefined): boolean {
  return (token?.meta as { checked?: boolean } | null)?.checked === true;
}
