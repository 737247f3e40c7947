export interface ServerSentEvent {
  type: string;
  data: string;
  id: string | null;
}

/** No job is this large; a peer that never ends its line must not fill our memory. */
const lineLengthMax = 4_000_000;

/**
 * The messages of an event stream, as the HTML standard (section 9.2.6) reads them. Comments and
 * messages without data are left out.
 * @throws RangeError for an endless line
 */
export async function* readServerSentEvents(
  body: ReadableStream<Uint8Array> | AsyncIterable<Uint8Array>,
): AsyncGenerator<ServerSentEvent> {
  let event: { type: string; data: string[]; id: string | null } = emptyEvent(null);
  for await (const line of readLines(chunksOf(body))) {
    if (line === '') {
      const { type, data, id } = event;
      if (data.length > 0) yield { type: type || 'message', data: data.join('\n'), id };
      event = emptyEvent(id);
      continue;
    }
    const colon = line.indexOf(':');
    const field = colon === -1 ? line : line.slice(0, colon);
    const value = colon === -1 ? '' : line.slice(colon + 1).replace(/^ /, '');
    if (field === 'event') event.type = value;
    else if (field === 'data') event.data.push(value);
    else if (field === 'id' && !value.includes('\0')) event.id = value;
  }
}

/** Not every browser can iterate over a stream. */
async function* chunksOf(
  body: ReadableStream<Uint8Array> | AsyncIterable<Uint8Array>,
): AsyncGenerator<Uint8Array> {
  if (!('getReader' in body)) return yield* body;
  const reader = body.getReader();
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      yield value;
    }
  } finally {
    await reader.cancel();
  }
}

function emptyEvent(id: string | null): { type: string; data: string[]; id: string | null } {
  return { type: '', data: [], id };
}

/** Lines end in CR LF, LF or CR; an unfinished last one is dropped, as the standard says. */
async function* readLines(body: AsyncIterable<Uint8Array>): AsyncGenerator<string> {
  const decoder = new TextDecoder();
  let rest = '';
  for await (const chunk of body) {
    rest += decoder.decode(chunk, { stream: true });
    // A CR at the very end may be half of a CR LF.
    const whole = rest.endsWith('\r') ? rest.slice(0, -1) : rest;
    const lines = whole.split(/\r\n|\n|\r/);
    rest = (lines.pop() ?? '') + rest.slice(whole.length);
    yield* lines;
    if (rest.length > lineLengthMax) throw new RangeError('An event stream sent an endless line.');
  }
}
