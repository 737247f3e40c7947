import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Stripe } from 'stripe';

/** A webhook endpoint of a test: it checks signatures with the official client. */
export interface Receiver {
  readonly url: string;
  /** Events taken, in the order in which they came. */
  readonly events: Stripe.Event[];
  /** How often a signature was wrong. */
  readonly refused: () => number;
  secret: string;
  /** What it answers, asked anew for each event; absent: 200. */
  answer: (event: Stripe.Event) => number | Promise<number>;
  stop(): Promise<void>;
}

export async function receive(): Promise<Receiver> {
  let refused = 0;
  const events: Stripe.Event[] = [];
  const receiver: Omit<Receiver, 'url' | 'stop'> = {
    events,
    refused: () => refused,
    secret: '',
    answer: () => 200,
  };
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      void take(Buffer.concat(chunks), request.headers['stripe-signature']).then((status) => {
        response.writeHead(status).end();
      });
    });
  });
  const take = async (body: Buffer, signature: unknown): Promise<number> => {
    const event = verify(body, signature, receiver.secret);
    if (event === undefined) {
      refused += 1;
      return 400;
    }
    const status = await receiver.answer(event);
    if (status < 300) events.push(event);
    return status;
  };
  await listen(server);
  const { port } = server.address() as AddressInfo;
  return Object.assign(receiver, {
    url: `http://127.0.0.1:${port}/hooks`,
    stop: () =>
      new Promise<void>((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  });
}

/** The client lets a time in the future pass, which the product does not. */
function verify(body: Buffer, signature: unknown, secret: string): Stripe.Event | undefined {
  if (typeof signature !== 'string') return undefined;
  const at = Number(/t=(\d+)/.exec(signature)?.[1]);
  if (at > Date.now() / 1000 + 300) return undefined;
  try {
    return Stripe.webhooks.constructEvent(body, signature, secret);
  } catch {
    return undefined;
  }
}

function listen(server: Server): Promise<void> {
  return new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
}
