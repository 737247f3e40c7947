import type TurndownService from 'turndown';
import { asElement, nameOf, type Element } from './markdown-tables.ts';

interface Notes {
  /** The notes' numbers, by their elements, in the order of what refers to them. */
  readonly numbers: ReadonlyMap<Element, number>;
  /** Links from the text to a note, with its number. */
  readonly references: ReadonlyMap<Element, number>;
  readonly backLinks: ReadonlySet<Element>;
}

/**
 * Footnotes: a link to an element that links back to it, as mammoth, markdown-it, pandoc and GitHub
 * write them, becomes `[^1]`, and that element `[^1]: …`.
 */
export function addNotes(service: TurndownService): void {
  let found: Notes | null = null;
  const notesAround = (node: unknown): Notes => (found ??= findNotes(rootOf(asElement(node))));
  service.addRule('noteReference', {
    filter: (node) => nameOf(node) === 'A' && notesAround(node).references.has(asElement(node)),
    replacement: (_content, node) => `[^${notesAround(node).references.get(asElement(node))}]`,
  });
  service.addRule('noteBackLink', {
    filter: (node) => nameOf(node) === 'A' && notesAround(node).backLinks.has(asElement(node)),
    replacement: () => '',
  });
  service.addRule('note', {
    filter: (node) =>
      asElement(node).getAttribute('id') !== null && notesAround(node).numbers.has(asElement(node)),
    replacement: (content, node) => {
      // The way back left a blank; two would be a line break.
      const lines = content.trim().replaceAll(/(?<! ) \n/gu, '\n');
      const text = lines.replaceAll(/\n(?=[^\n])/gu, '\n    ');
      return `\n\n[^${notesAround(node).numbers.get(asElement(node))}]: ${text}\n\n`;
    },
  });
  service.addRule('noteRule', {
    filter: (node) => /^(?:HR|H[1-6])$/u.test(nameOf(node)) && isOfNotes(asElement(node)),
    replacement: () => '',
  });
}

/** The line above the notes, and the heading that GitHub hides. */
function isOfNotes(node: Element): boolean {
  const named = /(?:^|\s)footnotes(?:-sep)?(?:\s|$)/u;
  return [node, node.parentNode].some((one) => named.test(one?.getAttribute?.('class') ?? ''));
}

function rootOf(node: Element): Element {
  let root = node;
  while (root.parentNode !== null) root = root.parentNode;
  return root;
}

function findNotes(root: Element): Notes {
  const byId = new Map<string, Element>();
  const links: Element[] = [];
  for (const element of descendants(root)) {
    const id = element.getAttribute?.('id');
    if (typeof id === 'string' && id !== '' && !byId.has(id)) byId.set(id, element);
    if (nameOf(element) === 'A' && placeOf(element) !== null) links.push(element);
  }
  const linksFrom = new Map<Element, Map<string, Element>>();
  const numbers = new Map<Element, number>();
  const references = new Map<Element, number>();
  const backLinks = new Set<Element>();
  for (const link of links) {
    const note = byId.get(placeOf(link) ?? '');
    if (note === undefined || !/^(?:LI|P|DIV|ASIDE|DD)$/u.test(nameOf(note))) continue;
    let back = linksFrom.get(note);
    if (back === undefined) linksFrom.set(note, (back = linksWithin(note)));
    const own = [link, link.parentNode].flatMap((one) => one?.getAttribute?.('id') ?? []);
    const returns = own.flatMap((id) => back.get(id) ?? []);
    if (returns.length === 0 || back.get(placeOf(link) ?? '') === link) continue;
    const number = numbers.get(note) ?? numbers.size + 1;
    numbers.set(note, number);
    references.set(link, number);
    for (const one of returns) backLinks.add(one);
  }
  return { numbers, references, backLinks };
}

function linksWithin(note: Element): Map<string, Element> {
  const links = new Map<string, Element>();
  for (const element of descendants(note)) {
    const place = nameOf(element) === 'A' ? placeOf(element) : null;
    if (place !== null) links.set(place, element);
  }
  return links;
}

/** Where a link leads within its page; null where it leads elsewhere. */
function placeOf(link: Element): string | null {
  const address = link.getAttribute('href') ?? '';
  if (!/^#./u.test(address)) return null;
  try {
    return decodeURIComponent(address.slice(1));
  } catch {
    return address.slice(1);
  }
}

/** In the order of the text, without the depth of the call stack for a bound. */
function* descendants(root: Element): Generator<Element> {
  const waiting = [root];
  for (let node = waiting.pop(); node !== undefined; node = waiting.pop()) {
    if (node !== root) yield node;
    for (let at = node.childNodes.length - 1; at >= 0; at -= 1) {
      const child = node.childNodes[at];
      if (child?.nodeType === 1) waiting.push(child);
    }
  }
}
