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

/** Which traffic meets a fault, and what comes after. */
export interface Aim {
  /** Bytes of it: the name of a prepared statement, say. */
  readonly carrying?: string;
  /** When the connection broke, no other gets through until the proxy is opened again. */
  readonly thenShut?: boolean;
}

interface Struck {
  readonly fault: Fault;
  readonly thenShut: boolean;
}

const delayMs = 80;

/** A TCP proxy before PostgreSQL that breaks connections when it is told to. */
export class Proxy {
  /** How often each fault has struck. */
  readonly struck = new Map<Fault, number>();
  readonly #server: net.Server;
  readonly #sockets = new Set<net.Socket>();
  #armed: { fault: Fault; aim: Aim } | null = null;
  #isShut = false;

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

  /** The next traffic on any connection meets this fault, or the next that is aimed at. */
  arm(fault: Fault, aim: Aim = {}): void {
    this.#armed = { fault, aim };
  }

  /** Lets nobody through any more; whoever is connected is cut off. */
  shut(): void {
    this.#isShut = true;
    for (const socket of this.#sockets) socket.destroy();
  }

  /** Lets connections through again. */
  reopen(): void {
    this.#isShut = false;
  }

  async close(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    this.#server.close();
    await once(this.#server, 'close');
  }

  #take(chunk: Buffer, ...kinds: readonly Fault[]): Struck | null {
    const { fault, aim } = this.#armed ?? {};
    if (fault === undefined || !kinds.includes(fault)) return null;
    if (aim?.carrying !== undefined && !chunk.includes(aim.carrying)) return null;
    this.#armed = null;
    this.struck.set(fault, (this.struck.get(fault) ?? 0) + 1);
    return { fault, thenShut: aim?.thenShut === true };
  }

  #join(client: net.Socket, server: net.Socket): void {
    let stalled = false;
    /** Set by a request whose answer must not get through. */
    let losesAnswer: Struck | null = null;
    const breakBoth = (struck?: Struck) => {
      client.destroy();
      server.destroy();
      if (struck?.thenShut === true) this.shut();
    };
    if (this.#isShut) return breakBoth();
    for (const socket of [client, server]) {
      this.#sockets.add(socket);
      socket.setNoDelay(true);
      socket.on('error', () => breakBoth());
      socket.on('close', () => {
        this.#sockets.delete(socket);
        breakBoth();
      });
    }
    client.on('data', (chunk) => {
      const struck = this.#take(chunk, 'cut', 'lose request', 'lose answer');
      if (struck?.fault === 'cut' || struck?.fault === 'lose request') return breakBoth(struck);
      if (struck !== null) losesAnswer = struck;
      server.write(chunk);
    });
    server.on('data', (chunk) => {
      // The first byte of an answer comes after the commit: a batch is one implicit transaction.
      if (losesAnswer !== null) return breakBoth(losesAnswer);
      const struck = this.#take(chunk, 'cut', 'stall', 'delay');
      if (struck?.fault === 'cut') return breakBoth(struck);
      if (struck?.fault === 'stall') stalled = true;
      if (stalled) return;
      if (struck?.fault === 'delay') {
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
