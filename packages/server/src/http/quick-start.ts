import { escapeHtml, renderPage } from './page.ts';
import type { Page } from './page.ts';

const copyScript = `
for (const button of document.querySelectorAll('button[data-copies]')) {
  button.hidden = false;
  button.addEventListener('click', async () => {
    const text = document.getElementById(button.dataset.copies).textContent;
    try {
      await navigator.clipboard.writeText(text);
    } catch {
      const range = document.createRange();
      range.selectNodeContents(document.getElementById(button.dataset.copies));
      getSelection().removeAllRanges();
      getSelection().addRange(range);
      document.execCommand('copy');
    }
    button.textContent = 'Copied';
    setTimeout(() => { button.textContent = 'Copy'; }, 2000);
  });
}
`;

/**
 * The page at `/` until there is a dashboard: what this is, and a line that converts a file. It
 * never shows a key: anybody who reaches the address can read it.
 */
export function renderQuickStart(publicUrl: string): Page {
  const url = escapeHtml(publicUrl);
  return renderPage(
    'Mutate',
    '<h1>Mutate</h1>' +
      '<p>A file conversion API with metering, quotas and billing. Send a file, get it back in the ' +
      'format you want; each conversion is counted once, against the plan of its workspace.</p>' +
      `<p class="soft">Base URL: <code>${url}/v1</code></p>` +
      '<h2>Convert your first file</h2>' +
      '<p>Set your key and your workspace once. Both are printed where the server was started; the ' +
      'operator can make more.</p>' +
      snippet('setup', 'export MUTATE_API_KEY=mk_live_…\nexport MUTATE_WORKSPACE=org_…') +
      '<p>Then turn a workbook into CSV:</p>' +
      snippet(
        'convert',
        `curl "${publicUrl}/v1/workspaces/$MUTATE_WORKSPACE/conversions?response=file" \\\n` +
          '  -H "Authorization: Bearer $MUTATE_API_KEY" \\\n' +
          '  -F file=@examples/sales.xlsx -F to=csv -o sales.csv',
      ) +
      '<p>Without <code>?response=file</code> the reply is the job: its output’s address, its ' +
      'warnings, and how it was counted.</p>' +
      '<h2>Go on</h2><ul>' +
      '<li><a href="/docs">API reference</a>: every route, to read and to try</li>' +
      '<li><a href="/v1/formats">Formats</a>: what can be converted into what</li>' +
      '<li><a href="/docs/errors">Errors</a>: what each code means and what to do</li>' +
      '<li><a href="/openapi.json">openapi.json</a>: for your client generator</li></ul>',
    copyScript,
  );
}

function snippet(id: string, text: string): string {
  return (
    `<pre tabindex="0"><code id="${id}">${escapeHtml(text)}</code></pre>` +
    `<button type="button" data-copies="${id}" hidden>Copy</button>`
  );
}
