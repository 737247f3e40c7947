import type { MarkdownText } from './read-markdown.ts';

/** For reading on a screen. */
export const screenStyle = `
body { max-width: 46rem; margin: 2rem auto; padding: 0 1rem; font: 16px/1.6 system-ui, sans-serif; }
h1, h2, h3, h4, h5, h6 { line-height: 1.25; }
img { max-width: 100%; }
pre, code { font-family: ui-monospace, monospace; font-size: 0.9em; }
pre { padding: 1rem; overflow: auto; background: #f5f5f5; }
blockquote { margin-left: 0; padding-left: 1rem; border-left: 4px solid #ccc; color: #555; }
[dir="rtl"] > blockquote, blockquote:has(> [dir="rtl"]) {
  margin-right: 0; padding: 0 1rem 0 0; border-left: 0; border-right: 4px solid #ccc;
}
table { border-collapse: collapse; }
th, td { padding: 0.3rem 0.7rem; border: 1px solid #ccc; }
dt { font-weight: 600; }
.task-list-item { list-style: none; }
.task-list-item-checkbox { margin: 0 0.3em 0 -1.4em; }
.footnotes { font-size: 0.9em; }
.footnote-ref a, .footnote-backref { text-decoration: none; }
`;

/** A complete page of a text. */
export function markdownPage(text: MarkdownText, style: string): string {
  const { about } = text;
  const language = about.language === undefined ? '' : ` lang="${about.language}"`;
  const more = (['author', 'description'] as const).flatMap((name) => {
    const value = about[name];
    return value === undefined ? [] : `<meta name="${name}" content="${escapeHtml(value)}">\n`;
  });
  return `<!DOCTYPE html>
<html${language}>
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escapeHtml(about.title ?? 'Document')}</title>
${more.join('')}<style>${style}</style>
</head>
<body>
${text.render()}</body>
</html>
`;
}

function escapeHtml(text: string): string {
  return text
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;');
}
