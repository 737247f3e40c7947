import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface ReceivedWebhook {
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

export interface WebhookReceiver {
  /** `http://127.0.0.1:port`; it must be among the allowed hosts. */
  readonly url: string;
  readonly host: string;
  readonly received: ReceivedWebhook[];
  /** Answers; 204 unless set. Called when the whole request has come and is noted. */
  answer: (request: ReceivedWebhook, response: ServerResponse) => Promise<void> | void;
  close(): Promise<void>;
}

/** A customer's endpoint: a real HTTP server on loopback. */
export async function startWebhookReceiver(): Promise<WebhookReceiver> {
  const received: ReceivedWebhook[] = [];
  const receiver: { answer: WebhookReceiver['answer'] } = {
    answer: (_request, response) => {
      response.writeHead(204).end();
    },
  };
  const take = async (request: IncomingMessage, response: ServerResponse) => {
    let body = '';
    for await (const chunk of request.setEncoding('utf8')) body += String(chunk);
    const headers = Object.fromEntries(
      Object.entries(request.headers).map(([name, value]) => [name, String(value)]),
    );
    const webhook = { path: request.url ?? '', headers, body };
    received.push(webhook);
    await receiver.answer(webhook, response);
  };
  const server = createServer((request, response) => {
    response.on('error', () => undefined);
    void take(request, response).catch(() => response.destroy());
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const host = `127.0.0.1:${(server.address() as AddressInfo).port}`;
  return {
    url: `http://${host}`,
    host,
    received,
    get answer() {
      return receiver.answer;
    },
    set answer(answer) {
      receiver.answer = answer;
    },
    close: async () => {
      server.closeAllConnections();
      await new Promise<void>((resolve) => server.close(() => resolve()));
    },
  };
}
