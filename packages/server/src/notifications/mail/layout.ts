import { escapeHtml } from '../../http/page.ts';

/** What a mail says; the layout makes text and HTML of it. Everything in it is plain text. */
export interface MailContent {
  readonly subject: string;
  readonly paragraphs: readonly string[];
  readonly facts?: readonly (readonly [label: string, value: string])[];
  readonly action?: { readonly label: string; readonly url: string };
  /** Smaller, below the action. */
  readonly note?: string;
}

export interface MailFooter {
  readonly why: string;
  readonly unsubscribeUrl: string | null;
}

export interface RenderedMail {
  readonly subject: string;
  readonly text: string;
  readonly html: string;
}

/** Text and HTML with the same words. */
export function layOut(content: MailContent, footer: MailFooter): RenderedMail {
  return {
    subject: content.subject,
    text: layOutText(content, footer),
    html: layOutHtml(content, footer),
  };
}

function layOutText(content: MailContent, footer: MailFooter): string {
  const { subject, paragraphs, facts = [], action, note } = content;
  const width = Math.max(0, ...facts.map(([label]) => label.length)) + 2;
  const blocks = [
    subject,
    ...paragraphs,
    facts.map(([label, value]) => `${`${label}:`.padEnd(width)}${value}`).join('\n'),
    action === undefined ? '' : `${action.label}:\n${action.url}`,
    note ?? '',
    `--\n${footer.why}`,
    footer.unsubscribeUrl === null ? '' : `Stop these mails:\n${footer.unsubscribeUrl}`,
  ];
  return `${blocks.filter((block) => block !== '').join('\n\n')}\n`;
}

/**
 * Inline styles for the light scheme, since some programs drop the style element; dark by the
 * reader's scheme. Nothing is fetched: no image, no font.
 */
const darkStyle =
  ':root{color-scheme:light dark}' +
  '@media (prefers-color-scheme:dark){' +
  'body,.page{background:#15181b!important}.text{color:#e8eaed!important}' +
  '.soft{color:#a2abb5!important}.line{border-color:#343a41!important}' +
  '.action{background:#78b7f5!important;color:#10202e!important}}';

const font = "font-family:system-ui,-apple-system,'Segoe UI',Roboto,sans-serif";
const textStyle = `color:#1a1d21;${font};font-size:16px;line-height:1.55`;
const softStyle = `color:#59616b;${font};font-size:14px;line-height:1.5`;

function layOutHtml(content: MailContent, footer: MailFooter): string {
  const { subject, paragraphs, facts = [], action, note } = content;
  const parts = [
    `<h1 class="text" style="${textStyle};font-size:22px;line-height:1.3;margin:0 0 16px">` +
      `${escapeHtml(subject)}</h1>`,
    ...paragraphs.map((text) => paragraph('text', textStyle, escapeHtml(text))),
    facts.length === 0 ? '' : factsTable(facts),
    action === undefined ? '' : actionLink(action),
    note === undefined ? '' : paragraph('soft', softStyle, escapeHtml(note)),
    '<hr class="line" style="border:0;border-top:1px solid #dfe3e8;margin:24px 0 12px">',
    paragraph('soft', softStyle, footerHtml(footer)),
  ];
  return (
    '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">' +
    '<meta name="viewport" content="width=device-width, initial-scale=1">' +
    '<meta name="color-scheme" content="light dark">' +
    `<title>${escapeHtml(subject)}</title><style>${darkStyle}</style></head>\n` +
    '<body style="margin:0;background:#ffffff">' +
    '<div class="page" style="background:#ffffff;max-width:560px;margin:0 auto;padding:24px">\n' +
    `${parts.filter((part) => part !== '').join('\n')}\n</div></body></html>\n`
  );
}

function paragraph(name: string, style: string, html: string): string {
  return `<p class="${name}" style="${style};margin:0 0 12px">${html}</p>`;
}

function factsTable(facts: readonly (readonly [string, string])[]): string {
  const rows = facts.map(
    ([label, value]) =>
      `<tr><th scope="row" class="soft" style="${softStyle};font-weight:400;text-align:left;` +
      `vertical-align:top;padding:3px 16px 3px 0">${escapeHtml(label)}</th>` +
      `<td class="text" style="${textStyle};padding:3px 0"><bdi>${escapeHtml(value)}</bdi></td></tr>`,
  );
  return `<table style="border-collapse:collapse;margin:4px 0 16px">\n${rows.join('\n')}\n</table>`;
}

function actionLink({ label, url }: { label: string; url: string }): string {
  return (
    `<p style="margin:20px 0"><a class="action" href="${escapeHtml(url)}" style="${font};` +
    'font-size:16px;display:inline-block;background:#0b5cad;color:#ffffff;text-decoration:none;' +
    `padding:10px 18px;border-radius:6px">${escapeHtml(label)}</a></p>`
  );
}

function footerHtml({ why, unsubscribeUrl }: MailFooter): string {
  if (unsubscribeUrl === null) return escapeHtml(why);
  return (
    `${escapeHtml(why)} <a class="soft" style="color:#59616b" ` +
    `href="${escapeHtml(unsubscribeUrl)}">Stop these mails</a>.`
  );
}
