/** For Markdown on paper. */
export const printStyle = `
html { font: 10.5pt/1.5 "Noto Sans", "Open Sans", "Liberation Sans", "DejaVu Sans", sans-serif; }
body { margin: 0; color: #1a1a1a; overflow-wrap: break-word; }
h1, h2, h3, h4, h5, h6 { line-height: 1.25; margin: 1.4em 0 0.5em; break-after: avoid; }
h1 { font-size: 20pt; margin-top: 0; padding-bottom: 0.2em; border-bottom: 1px solid #ccc; }
h2 { font-size: 15pt; } h3 { font-size: 12.5pt; } h4, h5, h6 { font-size: 10.5pt; }
p, ul, ol, dl, table, pre, blockquote { margin: 0 0 0.8em; }
p, li { orphans: 3; widows: 3; }
ul, ol { padding-left: 1.6em; }
li > p { margin-bottom: 0.3em; }
a { color: #0550ae; text-decoration: none; }
img { max-width: 100%; max-height: 24cm; break-inside: avoid; }
pre, code {
  font-family: "DejaVu Sans Mono", "Liberation Mono", "Noto Sans Mono", monospace; font-size: 9pt;
}
code { padding: 0.1em 0.3em; border-radius: 3px; background: #f2f2f2; }
pre {
  padding: 0.7em 0.9em; border-radius: 4px; background: #f6f6f6; line-height: 1.4;
  white-space: pre-wrap;
}
pre code { padding: 0; background: none; font-size: inherit; }
blockquote { margin-left: 0; padding-left: 1em; border-left: 3px solid #ccc; color: #555; }
table { border-collapse: collapse; font-size: 9.5pt; }
thead { display: table-header-group; }
tr { break-inside: avoid; }
th, td { padding: 0.3em 0.7em; border: 1px solid #ccc; text-align: left; }
th { background: #f2f2f2; }
dt { font-weight: 600; break-after: avoid; }
dd { margin: 0 0 0.4em 1.6em; }
.task-list-item { list-style: none; }
.task-list-item-checkbox {
  appearance: none; box-sizing: border-box; width: 1em; height: 1em; margin: 0 0.4em 0 -1.4em;
  border: 1px solid #555; border-radius: 2px; vertical-align: -0.12em;
}
.task-list-item-checkbox:checked::before {
  content: ""; display: block; width: 0.22em; height: 0.5em; margin: 0.04em auto 0;
  border: solid #1a1a1a; border-width: 0 0.13em 0.13em 0; transform: rotate(45deg);
}
.footnotes { font-size: 9pt; }
.footnotes-sep { width: 6cm; margin: 2em 0 0.8em; }
.footnote-ref { line-height: 0; }
.footnote-backref { display: none; }
hr { border: 0; border-top: 1px solid #ccc; margin: 1.5em 0; }
`;
