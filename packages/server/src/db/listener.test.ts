import { connect, createServer, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { createTestDatabase, type TestDatabase } from '../test/database.ts';
import { quietLog } from '../test/server.ts';
import { Listener } from './listener.ts';

let database: TestDatabase;
beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(() => database.close());

it('asks for a database that is away once at a time, not twice as often after each try', async () => {
  const { host = '', port = 5432 } = database.applicationConnection;
  const open = new Set<Socket>();
  let isAway = false;
  let tries = 0;
  const between = createServer((socket) => {
    if (isAway) {
      tries += 1;
      socket.destroy();
      return;
    }
    const onward = host.startsWith('/') ? connect(`${host}/.s.PGSQL.${port}`) : connect(port, host);
    for (const end of [socket, onward]) {
      open.add(end);
      end.on('error', () => undefined);
    }
    socket.pipe(onward).pipe(socket);
  });
  await new Promise<void>((resolve) => between.listen(0, '127.0.0.1', resolve));
  const address = between.address();
  const listener = new Listener({
    connection: {
      ...database.applicationConnection,
      host: '127.0.0.1',
      port: typeof address === 'object' && address !== null ? address.port : 0,
    },
    log: quietLog,
    handlers: { anything: () => undefined },
  });
  await listener.start();
  isAway = true;
  for (const socket of open) socket.destroy();
  await sleep(3_500);
  // After 0.1, 0.3, 0.7, 1.5 and 3.1 s.
  expect(tries).toBeGreaterThan(2);
  expect(tries).toBeLessThan(7);
  await listener.stop();
  between.close();
});
