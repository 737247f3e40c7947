import type { FastifyInstance } from 'fastify';
import { OperatorError } from '../db/operator-error.ts';

/**
 * Listens, or says which variable to set.
 *
 * @throws OperatorError where the port is taken or the address is not ours
 */
export async function listenAt(
  app: FastifyInstance,
  place: { readonly host: string; readonly port: number },
): Promise<void> {
  const { host, port } = place;
  await app.listen({ host, port }).catch((error: unknown) => {
    throw cannotListen(place, error);
  });
}

function cannotListen({ host, port }: { host: string; port: number }, error: unknown): unknown {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  if (code === 'EADDRINUSE') {
    return new OperatorError(`Port ${port} on ${host} is in use. Set PORT to another one.`);
  }
  if (code === 'EACCES' || code === 'EADDRNOTAVAIL') {
    return new OperatorError(`This process cannot listen on ${host}:${port}. Set HOST and PORT.`);
  }
  return error;
}

/** Where a listening server is reached from this machine; empty before it listens. */
export function addressOf(app: FastifyInstance): string {
  const address = app.server.address();
  if (address === null || typeof address === 'string') return '';
  const host = address.family === 'IPv6' ? `[${address.address}]` : address.address;
  return `http://${host}:${address.port}`;
}
