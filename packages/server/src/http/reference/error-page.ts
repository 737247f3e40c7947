import { listErrorEntries } from './error-reference.ts';
import type { ErrorEntry } from './error-reference.ts';
import { escapeHtml, renderPage } from '../page.ts';
import type { Page } from '../page.ts';

/** `/docs/errors`: one entry a code; a problem's `type` leads to it. */
export function renderErrorPage(): Page {
  const entries = listErrorEntries();
  return renderPage(
    'Errors · Mutate',
    '<h1>Errors</h1><p>Every error is a problem document (RFC 9457). Its <code>type</code> leads to ' +
      'one of the entries below; its <code>detail</code> says what is wrong in your request. Quote ' +
      'the <code>request_id</code> to support.</p><p><a href="/docs">API reference</a></p>' +
      entries.map(renderEntry).join(''),
  );
}

function renderEntry(entry: ErrorEntry): string {
  const members = (entry.members ?? []).map((member) => `<code>${member}</code>`).join(', ');
  return (
    `<h2 id="${entry.code}"><code>${entry.code}</code> ` +
    `<span class="status">${entry.status}</span></h2>` +
    `<p>${escapeHtml(entry.title)}. ${withCode(entry.when)}</p><p>${withCode(entry.remedy)}</p>` +
    (members === '' ? '' : `<p class="soft">Members: ${members}</p>`) +
    `<p class="soft">${entry.retryable ? 'Retryable' : 'Not retryable'}</p>`
  );
}

function withCode(text: string): string {
  return escapeHtml(text).replaceAll(/`([^`]+)`/g, '<code>$1</code>');
}
