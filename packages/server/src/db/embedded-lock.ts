import { randomBytes } from 'node:crypto';
import fs from 'node:fs';
import net from 'node:net';
import path from 'node:path';
import { OperatorError } from './operator-error.ts';

export interface SupervisorLock {
  release(): void;
}

/**
 * Takes the right to start and stop the server of a data folder. The lock is a listening socket:
 * the kernel closes it however its owner dies, and it is seen from other containers that share
 * the folder. Throws an OperatorError with the pid when a live process holds it.
 */
export async function takeSupervisorLock(
  socketFolder: string,
  dataDir: string,
): Promise<SupervisorLock> {
  const place = path.join(socketFolder, 'lock');
  const own = `${place}.${process.pid}.${randomBytes(2).toString('hex')}`;
  const server = net.createServer((socket) => {
    socket.on('error', () => undefined);
    socket.end(String(process.pid));
  });
  await listen(server, own);
  server.unref();
  try {
    await claim(own, place, dataDir);
  } catch (error) {
    server.close();
    throw error;
  } finally {
    fs.rmSync(own, { force: true });
  }
  return {
    release: () => {
      fs.rmSync(place, { force: true });
      server.close();
    },
  };
}

/** A hard link is made only where there is none, so of several starters one wins. */
async function claim(own: string, place: string, dataDir: string): Promise<void> {
  for (let attempt = 0; attempt < 10; attempt += 1) {
    try {
      fs.linkSync(own, place);
      return;
    } catch (error) {
      if (!isCode(error, 'EEXIST')) throw error;
    }
    const owner = await askOwner(place);
    if (owner !== undefined) throw inUse(dataDir, owner);
    await removeStale(own, place, dataDir);
  }
  throw new OperatorError(`Several processes try to start on ${dataDir} at once. Start only one.`);
}

/** Moves the lock aside before it goes: between look and removal another may have taken it. */
async function removeStale(own: string, place: string, dataDir: string): Promise<void> {
  const aside = `${own}.s`;
  try {
    fs.renameSync(place, aside);
  } catch (error) {
    if (isCode(error, 'ENOENT')) return;
    throw error;
  }
  const owner = await askOwner(aside);
  if (owner !== undefined) fs.linkSync(aside, place);
  fs.rmSync(aside, { force: true });
  if (owner !== undefined) throw inUse(dataDir, owner);
}

function inUse(dataDir: string, owner: string): OperatorError {
  return new OperatorError(
    `The data folder ${dataDir} is in use by another Mutate (pid ${owner}). Stop it first, or ` +
      'set MUTATE_DATA_DIR to another folder.',
  );
}

/** The pid of the process that listens there, `unknown` if it does not say; undefined if none. */
function askOwner(place: string): Promise<string | undefined> {
  const { promise, resolve } = Promise.withResolvers<string | undefined>();
  const socket = net.connect(place);
  let answer = '';
  socket.setTimeout(1000, () => socket.destroy());
  socket.on('data', (chunk) => {
    answer += chunk.toString();
  });
  socket.on('error', (error) => {
    const isNobody = isCode(error, 'ECONNREFUSED') || isCode(error, 'ENOENT');
    resolve(isNobody ? undefined : 'unknown');
  });
  socket.on('close', () => resolve(answer === '' ? 'unknown' : answer));
  return promise;
}

/** Whether anybody listens on a unix socket. */
export function isAnswering(place: string): Promise<boolean> {
  const { promise, resolve } = Promise.withResolvers<boolean>();
  const socket = net.connect(place);
  socket.on('connect', () => {
    socket.destroy();
    resolve(true);
  });
  socket.on('error', () => resolve(false));
  return promise;
}

function listen(server: net.Server, place: string): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  server.once('error', reject);
  server.listen(place, resolve);
  return promise;
}

function isCode(error: unknown, code: string): boolean {
  return error instanceof Error && 'code' in error && error.code === code;
}
