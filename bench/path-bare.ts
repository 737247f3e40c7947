import multipart from '@fastify/multipart';
import { fastify } from 'fastify';
import { csvJsonEngine } from '../packages/server/src/conversions/engines/csv-json.ts';
import type { Target } from './path.ts';

/** The same conversion as anybody would put it behind a route: no key, no limit, nothing counted. */
const app = fastify();
await app.register(multipart);
const [pair] = csvJsonEngine.pairs;
if (pair === undefined || csvJsonEngine.inline === undefined) throw new Error('no CSV to JSON');
const { inline } = csvJsonEngine;
app.post('/convert', async (request, reply) => {
  const file = await request.file();
  if (file === undefined) return reply.code(400).send();
  const input = await file.toBuffer();
  const { bytes } = inline.run({ from: 'csv', to: 'json', options: pair.options.parse({}), input });
  return reply.type('application/json').send(bytes);
});
await app.listen({ host: '127.0.0.1', port: 0 });
const address = app.server.address();
if (address === null || typeof address === 'string') throw new Error('no port');
process.send?.({ port: address.port, path: '/convert', authorization: 'none' } satisfies Target);
process.once('SIGTERM', () => process.exit());
