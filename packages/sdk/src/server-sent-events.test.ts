import { expect, test } from 'vitest';

import { readServerSentEvents, type ServerSentEvent } from './server-sent-events.ts';

async function read(text: string, chunkBytes: number): Promise<ServerSentEvent[]> {
  const bytes = new TextEncoder().encode(text);
  async function* chunks(): AsyncGenerator<Uint8Array> {
    for (let at = 0; at < bytes.length; at += chunkBytes) yield bytes.subarray(at, at + chunkBytes);
  }
  const events: ServerSentEvent[] = [];
  for await (const event of readServerSentEvents(chunks())) events.push(event);
  return events;
}

test.each(['\n', '\r\n', '\r'])('messages are the same however they are cut (%j)', async (end) => {
  const lines = [': ping', '', 'event: a', 'id: 1', 'data: é', 'data:two', '', 'event: b', ''];
  const text = [...lines, 'data', '', 'data: {}', '', 'data: unfinished'].join(end);
  const whole = await read(text, text.length * 2);
  expect(whole).toEqual([
    { type: 'a', data: 'é\ntwo', id: '1' },
    { type: 'message', data: '', id: '1' },
    { type: 'message', data: '{}', id: '1' },
  ]);
  for (const chunkBytes of [1, 2, 3, 7]) expect(await read(text, chunkBytes)).toEqual(whole);
});

test('an endless line is refused', async () => {
  await expect(read(`data: ${'x'.repeat(5_000_000)}`, 65_536)).rejects.toThrow(RangeError);
});
