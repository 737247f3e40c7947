import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text as readText } from 'node:stream/consumers';
import { afterAll, beforeAll, describe, expect, it, test } from 'vitest';
import { guardedGet, TargetFailed } from './guarded-request.ts';
import { resolveTarget, systemResolver, TargetRefused, type Resolver } from './outbound-target.ts';

/** Answers a fixed list for every name. */
const resolvesTo =
  (...addresses: string[]): Resolver =>
  async () =>
    addresses.map((address) => ({ address, family: address.includes(':') ? 6 : 4 }) as const);
const publicly = resolvesTo('93.184.215.14', '2606:2800:21f:cb07:6820:80da:af6b:8b2c');

describe('a URL that somebody else gave', () => {
  test.each([
    'http://127.0.0.1/',
    'http://127.1/',
    'http://2130706433/',
    'http://0x7f000001/',
    'http://0x7f.0.0.1/',
    'http://0177.0.0.1/',
    'http://017700000001/',
    'http://127.0.0.1./',
    'http://127。0。0。1/',
    'http://①②⑦.⓪.⓪.①/',
    'http://%31%32%37.0.0.1/',
    'http://0/',
    'http://0.0.0.0/',
    'http://10.0.0.1/',
    'http://172.16.0.1/',
    'http://172.31.255.255/',
    'http://192.168.1.1/',
    'http://169.254.169.254/latest/meta-data/',
    'http://0xa9fea9fe/',
    'http://2852039166/',
    'http://100.64.0.1/',
    'http://100.100.100.200/',
    'http://192.0.0.192/',
    'http://198.18.0.1/',
    'http://224.0.0.1/',
    'http://240.0.0.1/',
    'http://255.255.255.255/',
    'http://[::1]/',
    'http://[::]/',
    'http://[::ffff:127.0.0.1]/',
    'http://[::ffff:7f00:1]/',
    'http://[::127.0.0.1]/',
    'http://[64:ff9b::7f00:1]/',
    'http://[64:ff9b:1::a00:1]/',
    'http://[2002:7f00:1::]/',
    'http://[2001:0:7f00:1::]/',
    'http://[2001:db8::1]/',
    'http://[fe80::1]/',
    'http://[fc00::1]/',
    'http://[fd00:ec2::254]/',
    'http://[ff02::1]/',
    'http://[fec0::1]/',
    'http://93.184.215.14:22/',
    'http://93.184.215.14:5432/',
    'https://93.184.215.14:6379/',
    'http://user@93.184.215.14/',
    'http://user:secret@93.184.215.14/',
    'http://public.example@127.0.0.1/',
    'http://127.0.0.1\\@93.184.215.14/',
    'ftp://93.184.215.14/',
    'file:///etc/passwd',
    'gopher://93.184.215.14/',
    'data:text/plain,hello',
    'javascript:alert(1)',
    '//93.184.215.14/',
    '/etc/passwd',
    'http://',
    '',
  ])('%s is refused without a connection', async (url) => {
    const rules = { allowedHosts: [], resolve: publicly };
    await expect(resolveTarget(url, rules)).rejects.toBeInstanceOf(TargetRefused);
  });

  it('is refused where it is longer than any honest one', async () => {
    const rules = { allowedHosts: [], resolve: publicly };
    const url = `http://93.184.215.14/${'a'.repeat(2_100)}`;
    await expect(resolveTarget(url, rules)).rejects.toThrow(TargetRefused);
  });

  test.each([
    ['localhost', ['127.0.0.1']],
    ['metadata.google.internal', ['169.254.169.254']],
    ['mapped.example', ['::ffff:10.0.0.1']],
    ['one-of-them.example', ['93.184.215.14', '10.0.0.1']],
    ['unknown.example', []],
  ])(
    'a name whose addresses are not all public (%s) is refused in the same words',
    async (name, addresses) => {
      const rules = { allowedHosts: [], resolve: resolvesTo(...addresses) };
      await expect(resolveTarget(`http://${name}/`, rules)).rejects.toThrow(
        new TargetRefused().message,
      );
    },
  );

  it('is taken where it is public, on the usual ports and those of allowed hosts', async () => {
    const rules = { allowedHosts: ['files.internal', '10.0.0.5:9000'], resolve: publicly };
    for (const url of ['http://a.example/x', 'https://a.example:8443/', 'HTTPS://A.example./']) {
      expect((await resolveTarget(url, rules)).addresses).toHaveLength(2);
    }
    const allowed = await resolveTarget('http://10.0.0.5:9000/x', rules);
    expect(allowed.addresses).toEqual([{ address: '10.0.0.5', family: 4 }]);
    await expect(resolveTarget('http://10.0.0.5/x', rules)).rejects.toThrow(TargetRefused);
    await resolveTarget('http://files.internal:7777/x', rules);
  });

  it('of localhost is refused by the real resolver, too', async () => {
    const rules = { allowedHosts: [], resolve: systemResolver };
    await expect(resolveTarget('http://localhost/', rules)).rejects.toThrow(TargetRefused);
    const trusted = { allowedHosts: ['localhost'], resolve: systemResolver };
    expect((await resolveTarget('http://localhost/', trusted)).addresses.length).toBeGreaterThan(0);
  });
});

describe('a guarded request', () => {
  let server: Server;
  let origin: string;
  let seen: { url: string; headers: Record<string, unknown> }[] = [];
  beforeAll(async () => {
    server = createServer((request, response) => {
      seen.push({ url: request.url ?? '', headers: request.headers });
      const url = new URL(request.url ?? '/', 'http://x');
      const location = url.pathname === '/loop' ? '/loop' : url.searchParams.get('to');
      if (location !== null) response.writeHead(302, { location }).end();
      else if (request.url === '/coded')
        response.writeHead(200, { 'content-encoding': 'gzip' }).end('x');
      else if (request.url === '/gone') response.writeHead(404).end('secret of the host');
      else response.writeHead(200, { 'set-cookie': 'a=b' }).end('the file');
    });
    await new Promise<void>((resolve) => {
      server.listen(0, '127.0.0.1', resolve);
    });
    origin = `127.0.0.1:${(server.address() as AddressInfo).port}`;
  });
  afterAll(() => {
    server.closeAllConnections();
    server.close();
  });

  const get = (url: string, rules: Partial<Parameters<typeof guardedGet>[1]> = {}) => {
    seen = [];
    const signal = AbortSignal.timeout(2_000);
    const options = { allowedHosts: [origin], resolve: systemResolver, signal, idleMsMax: 1_000 };
    return guardedGet(url, { ...options, ...rules });
  };

  it('sends nothing of ours', async () => {
    const { response } = await get(`http://${origin}/file`);
    expect(await readText(response)).toBe('the file');
    expect(seen[0]?.headers).toEqual({
      accept: '*/*',
      'accept-encoding': 'identity',
      'user-agent': 'Mutate',
      host: origin,
      connection: 'close',
    });
  });

  it('connects to the address that was checked, whatever the name resolves to next', async () => {
    const answers = ['93.184.215.14', '127.0.0.1', '127.0.0.1'];
    const rebinding: Resolver = async () => [{ address: answers.shift() ?? '', family: 4 }];
    const signal = AbortSignal.timeout(500);
    const url = `http://rebind.example:8080/`;
    await expect(get(url, { resolve: rebinding, signal })).rejects.toThrow(TargetFailed);
    expect(answers).toHaveLength(2);
    expect(seen).toEqual([]);
    // And so where the checked address is the loopback server, of a name that no DNS knows.
    const named = `files.test:${origin.split(':')[1] ?? ''}`;
    const pinned = { allowedHosts: [named], resolve: resolvesTo('127.0.0.1') };
    const { response } = await get(`http://${named}/file`, pinned);
    expect(await readText(response)).toBe('the file');
    expect(seen[0]?.headers.host).toBe(named);
  });

  it('checks a redirect as it checked the first URL', async () => {
    const { response } = await get(`http://${origin}/?to=/file`);
    expect(await readText(response)).toBe('the file');
    expect(seen.map(({ url }) => url)).toEqual(['/?to=/file', '/file']);
    for (const to of ['http://127.0.0.1:1/', 'http://169.254.169.254/', 'file:///etc/passwd']) {
      await expect(get(`http://${origin}/?to=${encodeURIComponent(to)}`)).rejects.toThrow(
        TargetRefused,
      );
      expect(seen).toHaveLength(1);
    }
    await expect(get(`http://${origin}/loop?to=/loop`)).rejects.toThrow('too often');
    expect(seen).toHaveLength(6);
  });

  it('fails for another status, a coded reply, a silent host and one that is not there', async () => {
    await expect(get(`http://${origin}/gone`)).rejects.toThrow('it answered with status 404');
    await expect(get(`http://${origin}/coded`)).rejects.toThrow('Content-Encoding');
    const nobody = { allowedHosts: ['127.0.0.1:1'] };
    await expect(get('http://127.0.0.1:1/', nobody)).rejects.toThrow('it could not be reached');
  });
});
