import { mkdtemp, rm, writeFile, chmod } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Bait } from './hostile-input.ts';

export interface Canary extends Bait {
  /** What no output may contain. */
  readonly secret: string;
  /** Who called, and for what; empty as long as nothing got out. */
  readonly calls: readonly string[];
  close(): Promise<void>;
}

/** A server on loopback that must hear nothing, and a file for everybody that nobody may show. */
export async function openCanary(): Promise<Canary> {
  const calls: string[] = [];
  const server = createServer((request, response) => {
    calls.push(`${request.method} ${request.url}`);
    response.end('canary');
  });
  server.on('connection', (socket) => socket.on('error', () => undefined));
  server.on('upgrade', (request, socket) => {
    calls.push(`upgrade ${request.url}`);
    socket.destroy();
  });
  // Both families, so that `localhost` is heard as well.
  await new Promise<void>((resolve) => server.listen(0, '::', resolve)).catch(() => undefined);
  const { port } = server.address() as AddressInfo;
  const folder = await mkdtemp(join(tmpdir(), 'mutate-canary-'));
  await chmod(folder, 0o755);
  const secret = `canary-${Math.random().toString(36).slice(2)}-secret`;
  const secretPath = join(folder, 'secret.txt');
  await writeFile(secretPath, `${secret}\n`.repeat(20), { mode: 0o644 });
  return {
    origin: `http://127.0.0.1:${port}`,
    port,
    secretPath,
    secret,
    calls,
    close: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
      await rm(folder, { recursive: true });
    },
  };
}
