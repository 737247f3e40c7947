import { connect } from 'node:net';
import type { LoadOrder, LoadReport } from './path.ts';

/** Sends the same upload again and again, one request at a time on each connection. */
function makeRequest({ path, authorization }: LoadOrder): Buffer {
  const rows = Array.from({ length: 27 }, (_, row) => `${row},Ada Lovelace,36,London,12.50`);
  const csv = `id,name,age,city,amount\r\n${rows.join('\r\n')}\r\n`;
  const body =
    '--bench\r\nContent-Disposition: form-data; name="to"\r\n\r\njson\r\n' +
    '--bench\r\nContent-Disposition: form-data; name="file"; filename="people.csv"\r\n' +
    `Content-Type: text/csv\r\n\r\n${csv}\r\n--bench--\r\n`;
  return Buffer.from(
    `POST ${path} HTTP/1.1\r\nHost: localhost\r\nAuthorization: ${authorization}\r\n` +
      'Content-Type: multipart/form-data; boundary=bench\r\n' +
      `Content-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`,
  );
}

function runConnection(order: LoadOrder, request: Buffer, untilMs: number) {
  return new Promise<{ latencies: number[]; failed: number }>((resolve, reject) => {
    const latencies: number[] = [];
    let failed = 0;
    let received = Buffer.alloc(0);
    let sentMs = performance.now();
    const socket = connect(order.port, '127.0.0.1', () => socket.write(request));
    socket.setNoDelay(true);
    socket.on('error', reject);
    socket.on('data', (chunk) => {
      received = received.length === 0 ? chunk : Buffer.concat([received, chunk]);
      const headEnd = received.indexOf('\r\n\r\n');
      if (headEnd === -1) return;
      const head = received.toString('latin1', 0, headEnd);
      const length = Number(/content-length: (\d+)/i.exec(head)?.[1]);
      if (received.length < headEnd + 4 + length) return;
      if (!head.startsWith('HTTP/1.1 20')) failed += 1;
      received = Buffer.alloc(0);
      latencies.push(performance.now() - sentMs);
      if (performance.now() >= untilMs) {
        socket.destroy();
        resolve({ latencies, failed });
        return;
      }
      sentMs = performance.now();
      socket.write(request);
    });
  });
}

process.once('message', (order: LoadOrder) => {
  const startedMs = performance.now();
  const untilMs = startedMs + order.seconds * 1000;
  const request = makeRequest(order);
  const running = Array.from({ length: order.connections }, () =>
    runConnection(order, request, untilMs),
  );
  void Promise.all(running).then((results) => {
    const latencies = results.flatMap((result) => result.latencies).toSorted((a, b) => a - b);
    const report: LoadReport = {
      requests: latencies.length,
      failed: results.reduce((sum, result) => sum + result.failed, 0),
      seconds: (performance.now() - startedMs) / 1000,
      p50Ms: latencies[Math.floor(latencies.length * 0.5)] ?? 0,
      p99Ms: latencies[Math.floor(latencies.length * 0.99)] ?? 0,
    };
    process.send?.(report, () => process.exit());
  });
});
