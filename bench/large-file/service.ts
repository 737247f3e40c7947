import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createReadStream, statSync } from 'node:fs';
import { request } from 'node:http';
import { basename } from 'node:path';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';

const adminKey = 'mk_admin_for_this_bench_only_0000';
const mainPath = fileURLToPath(new URL('../../packages/server/src/main.ts', import.meta.url));

export interface Job {
  id: string;
  status: string;
  progress: { percent: number; phase: string };
  output: { url: string; size_bytes: number; sha256: string } | null;
  error: unknown;
}

/** The product as `npm start` runs it, with an Enterprise workspace. */
export interface Product {
  readonly child: ChildProcess;
  upload(path: string, fields: Record<string, string>): Promise<Job>;
  call(path: string, init?: RequestInit): Promise<Response>;
  stop(): Promise<void>;
}

export async function startProduct(dataFolder: string): Promise<Product> {
  const child = spawn(process.execPath, [mainPath], {
    env: {
      PATH: process.env.PATH,
      PORT: '0',
      MUTATE_DATA_DIR: dataFolder,
      MUTATE_ADMIN_KEY: adminKey,
      LOG_LEVEL: 'warn',
    },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let screen = '';
  for await (const chunk of child.stdout.setEncoding('utf8')) {
    screen += chunk;
    if (screen.includes('Ctrl-C')) break;
  }
  const url = /runs at (\S+)/u.exec(screen)?.[1] ?? '';
  const post = async (path: string, body: object) => {
    const response = await fetch(url + path, {
      method: 'POST',
      headers: { authorization: `Bearer ${adminKey}`, 'content-type': 'application/json' },
      body: JSON.stringify(body),
    });
    return (await response.json()) as { id: string; key: string };
  };
  const plan = { name: 'Large files', plan_id: 'plan_enterprise' };
  const workspace = await post('/v1/admin/workspaces', plan);
  const base = `/v1/workspaces/${workspace.id}`;
  const { key } = await post(`${base}/api-keys`, { name: 'bench' });
  const authorization = `Bearer ${key}`;
  return {
    child,
    call: (path, init = {}) => {
      const headers = new Headers(init.headers);
      headers.set('authorization', authorization);
      return fetch(url + base + path, { ...init, headers });
    },
    upload: (path, fields) => upload(`${url}${base}/conversions`, authorization, path, fields),
    stop: async () => {
      child.kill('SIGTERM');
      await once(child, 'exit');
    },
  };
}

/** A form with one large file, streamed from the disk. */
async function upload(
  url: string,
  authorization: string,
  path: string,
  fields: Record<string, string>,
): Promise<Job> {
  const boundary = 'mutate-bench-boundary';
  const parts = Object.entries(fields).map(
    ([name, value]) =>
      `--${boundary}\r\ncontent-disposition: form-data; name="${name}"\r\n\r\n${value}\r\n`,
  );
  const head = Buffer.from(
    `${parts.join('')}--${boundary}\r\ncontent-disposition: form-data; name="file"; ` +
      `filename="${basename(path)}"\r\n\r\n`,
  );
  const tail = Buffer.from(`\r\n--${boundary}--\r\n`);
  const sent = request(url, {
    method: 'POST',
    headers: {
      authorization,
      'content-type': `multipart/form-data; boundary=${boundary}`,
      'content-length': head.length + statSync(path).size + tail.length,
    },
  });
  const answered = once(sent, 'response');
  sent.write(head);
  for await (const chunk of createReadStream(path, { highWaterMark: 1024 * 1024 })) {
    if (!sent.write(chunk)) await once(sent, 'drain');
  }
  sent.end(tail);
  const [response] = (await answered) as [NodeJS.ReadableStream];
  return JSON.parse(await text(response)) as Job;
}
