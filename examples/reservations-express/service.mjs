import express from 'express';
import { Mutate } from '@mutate/sdk';
import { convertRoute } from './convert-route.ts';

const mutate = new Mutate({
  apiKey: process.env.MUTATE_API_KEY ?? '',
  baseUrl: process.env.MUTATE_URL ?? 'http://127.0.0.1:3000',
});

const app = express();
app.post('/convert', convertRoute(mutate));
app.use((error, _request, response, _next) => {
  response.status(422).json({ code: 'document_invalid', detail: error.message });
});
const server = app.listen(Number(process.env.PORT ?? 4000), '127.0.0.1', (error) => {
  if (error) throw error;
  console.log(`POST a CSV to http://127.0.0.1:${server.address().port}/convert`);
});
