import { afterEach, beforeEach, expect, test } from 'vitest';
import { Mutate } from './client.ts';
import { Peer, sendJson, workspace } from './test/peer.ts';

let peer: Peer;
beforeEach(async () => {
  peer = await Peer.start();
});
afterEach(() => peer.close());

test('a history longer than a page is fetched to its end, in order', async () => {
  const route = `GET ${workspace}/usage/history`;
  const cursors: (string | null)[] = [];
  for (const [buckets, cursor] of [
    [['a', 'b'], 'b'],
    [['c'], null],
  ] as const) {
    peer.intercept(route, ({ query }, response) => {
      cursors.push(query.get('starting_after'));
      expect(query.get('group_by')).toBe('type');
      const data = buckets.map((group) => ({ object: 'usage_bucket', group }));
      const more = { has_more: cursor !== null, next_cursor: cursor };
      sendJson(response, 200, { object: 'list', data, ...more });
    });
  }
  const mutate = new Mutate({
    apiKey: 'mk_live_peer',
    baseUrl: peer.url,
    workspaceId: 'org_peer',
  });
  const history = await mutate.usage.history({ interval: 'day', groupBy: 'type' });
  expect(history.map(({ group }) => group)).toEqual(['a', 'b', 'c']);
  expect(cursors).toEqual([null, 'b']);
});
