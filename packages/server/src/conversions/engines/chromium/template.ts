const elements = new Set(['div', 'span', 'p', 'b', 'strong', 'i', 'em', 'u', 'small', 'br']);
const attribute = /\s+(class|style)="([^"<>&]*)"/gu;
/** Declarations of plain words, numbers and colours: no addresses, no functions, no escapes. */
const safeStyle = /^[\w\s:;.,#%-]*$/u;

/**
 * What is wrong with a header or footer template, or null. A grammar rather than a filter: what is
 * not in it is refused, so there is nothing to get past.
 */
export function templateProblem(text: string): string | null {
  const rest = text.replaceAll(
    /<(\/?)([a-z]+)((?:\s+[a-z]+="[^"<>]*")*)\s*\/?>/gu,
    (whole, ...at) => {
      const [slash, name, attributes] = at as [string, string, string];
      if (!elements.has(name)) return whole;
      if (slash !== '' && attributes !== '') return whole;
      return hasOnlySafe(attributes) ? '' : whole;
    },
  );
  const stray = /<[^>]{0,40}>?/u.exec(rest);
  if (stray === null) return null;
  return (
    `${JSON.stringify(stray[0])} is not allowed: only ${[...elements].join(', ')} with class="…" ` +
    'and a style="…" without addresses and functions. Write &lt; for the sign.'
  );
}

function hasOnlySafe(attributes: string): boolean {
  const rest = attributes.replaceAll(attribute, (whole, name: string, value: string) =>
    name === 'class' || safeStyle.test(value) ? '' : whole,
  );
  return rest.trim() === '';
}

/** A template as Chromium prints it: there a text without a size is one pixel high. */
export function wholeTemplate(text: string | undefined): string {
  if (text === undefined) return '<span></span>';
  const style = 'width:100%;margin:0 12mm;font:9px sans-serif;color:#444;text-align:center';
  return `<div style="${style}">${text}</div>`;
}
