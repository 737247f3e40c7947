import { once } from 'node:events';
import net from 'node:net';

/**
 * What can happen to a connection, once each time it is armed:
 * - `cut`: it breaks at the next byte of either side;
 * - `lose request`: the next request never arrives, and the connection breaks;
 * - `lose answer`: the next request arrives and is done, then the connection breaks before its answer
 *   gets through: whoever asked cannot know that it was committed;
 * - `stall`: the next answer and all that follow are held back, both ends stay open (half-closed);
 * - `delay`: the next answer comes late.
 */
export const faults = ['cut', 'lose request', 'lose answer', 'stall', 'delay'] as const;
export type Fault = (typeof faults)[number];

/** Where PostgreSQL really is. */
export type Target = { readonly path: string } | { readonly host: string; readonly port: number };

const delayMs = 80;

/** A TCP proxy before PostgreSQL that breaks connections when it is told to. */
export class Proxy {
  /** How often each fault has struck. */
  readonly struck = new Map<Fault, number>();
  readonly #server: net.Server;
  readonly #sockets = new Set<net.Socket>();
  #armed: Fault | null = null;

  constructor(target: Target) {
    this.#server = net.createServer((client) => this.#join(client, net.connect(target)));
  }

  /** Begins to listen on loopback; answers the port. */
  async listen(): Promise<number> {
    this.#server.listen(0, '127.0.0.1');
    await once(this.#server, 'listening');
    const address = this.#server.address();
    if (address === null || typeof address === 'string') throw new Error('the proxy has no port');
    return address.port;
  }

  /** The next traffic on any connection meets this fault. */
  arm(fault: Fault): void {
    this.#armed = fault;
  }

  async close(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    this.#server.close();
    await once(this.#server, 'close');
  }

  #take(...kinds: readonly Fault[]): Fault | null {
    const fault = this.#armed;
    if (fault === null || !kinds.includes(fault)) return null;
    this.#armed = null;
    this.struck.set(fault, (this.struck.get(fault) ?? 0) + 1);
    return fault;
  }

  #join(client: net.Socket, server: net.Socket): void {
    let stalled = false;
    /** Set by a request whose answer must not get through. */
    let losesAnswer = false;
    const breakBoth = () => {
      client.destroy();
      server.destroy();
    };
    for (const socket of [client, server]) {
      this.#sockets.add(socket);
      socket.setNoDelay(true);
      socket.on('error', breakBoth);
      socket.on('close', () => {
        this.#sockets.delete(socket);
        breakBoth();
      });
    }
    client.on('data', (chunk) => {
      const fault = this.#take('cut', 'lose request', 'lose answer');
      if (fault === 'cut' || fault === 'lose request') {
        breakBoth();
        return;
      }
      if (fault === 'lose answer') losesAnswer = true;
      server.write(chunk);
    });
    server.on('data', (chunk) => {
      // The first byte of an answer comes after the commit: a batch is one implicit transaction.
      if (losesAnswer) return breakBoth();
      const fault = this.#take('cut', 'stall', 'delay');
      if (fault === 'cut') return breakBoth();
      if (fault === 'stall') stalled = true;
      if (stalled) return;
      if (fault === 'delay') {
        server.pause();
        setTimeout(() => {
          client.write(chunk);
          server.resume();
        }, delayMs);
        return;
      }
      client.write(chunk);
    });
  }
}
