import { spawn, spawnSync } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { connect, createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

export interface RedisUnderTest {
  readonly url: string;
  /** Starts it, on the same port as before. */
  start(): Promise<void>;
  /** Ends it at once; connections are cut. */
  kill(): Promise<void>;
  /** It keeps its connections and answers nothing, as a peer behind a broken network. */
  freeze(): void;
  thaw(): void;
}

const program = 'redis-server';
const startsWithinMs = 10_000;

/** Whether there is a program to start. */
export function hasRedis(): boolean {
  return spawnSync(program, ['--version']).status === 0;
}

/** A real Redis on the loopback, without a disk, with a password; not started yet. */
export async function prepareRedis(password = 'secret'): Promise<RedisUnderTest> {
  const port = await freePort();
  let server: ChildProcess | undefined;
  return {
    url: `redis://:${password}@127.0.0.1:${port}`,
    start: async () => {
      server = spawnRedis(port, password);
      const failed = once(server, 'error').then(([error]: unknown[]) => {
        const text = `${program} does not start: apt-get install redis-server`;
        throw new Error(text, { cause: error });
      });
      await Promise.race([failed, untilListening(port)]);
    },
    kill: async () => {
      if (server === undefined || server.exitCode !== null || server.signalCode !== null) return;
      const ended = once(server, 'exit');
      server.kill('SIGKILL');
      await ended;
    },
    freeze: () => server?.kill('SIGSTOP'),
    thaw: () => server?.kill('SIGCONT'),
  };
}

function spawnRedis(port: number, password: string): ChildProcess {
  const settings = {
    port: String(port),
    bind: '127.0.0.1',
    requirepass: password,
    save: '',
    appendonly: 'no',
  };
  const options = Object.entries(settings).flatMap(([name, value]) => [`--${name}`, value]);
  return spawn(program, options, { stdio: 'ignore', cwd: '/' });
}

async function untilListening(port: number): Promise<void> {
  const deadline = performance.now() + startsWithinMs;
  while (!(await isListening(port))) {
    if (performance.now() > deadline) throw new Error(`${program} is not there on port ${port}`);
    await sleep(20);
  }
}

async function isListening(port: number): Promise<boolean> {
  const socket = connect(port, '127.0.0.1');
  try {
    await once(socket, 'connect');
    return true;
  } catch {
    return false;
  } finally {
    socket.destroy();
  }
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}
