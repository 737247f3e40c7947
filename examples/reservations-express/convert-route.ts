import type { IncomingMessage, ServerResponse } from 'node:http';
import { buffer } from 'node:stream/consumers';
import { type Mutate, MutateError } from '@mutate/sdk';
import { csvToMarkdown } from './converter.ts';

/** `POST /convert` of the service, metered: 402, 413 and 429 are Mutate's answer, handed on. */
export function convertRoute(mutate: Mutate) {
  return async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const csv = await buffer(request);
    try {
      const markdown = await mutate.reservations.withReservation(
        { type: 'CSV_TO_MD', sizeBytes: csv.length },
        async (held) => {
          const output = csvToMarkdown(csv.toString());
          held.bytesOut = Buffer.byteLength(output);
          return output;
        },
      );
      response.writeHead(200, { 'content-type': 'text/markdown; charset=utf-8' }).end(markdown);
    } catch (error) {
      if (!(error instanceof MutateError)) throw error;
      const { code, detail } = error;
      response.writeHead(error.status || 503, { 'content-type': 'application/json' });
      response.end(JSON.stringify({ code, detail }));
    }
  };
}
