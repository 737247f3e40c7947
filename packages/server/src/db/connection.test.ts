import { expect, test } from 'vitest';
import { connectionFromUrl } from './connection.ts';

test('a URL becomes separate settings, so that database and options can be set beside it', () => {
  expect(connectionFromUrl('postgres://ann:s%40crit@db.example:6432/main')).toMatchObject({
    host: 'db.example',
    port: 6432,
    user: 'ann',
    password: 's@crit',
    database: 'main',
  });
  expect(connectionFromUrl('postgres://ann@/main?host=/run/pg&options=-c%20a.b%3D1')).toMatchObject(
    { host: '/run/pg', user: 'ann', database: 'main', options: '-c a.b=1' },
  );
});

test('an unreadable URL is an error that does not repeat it', () => {
  const attempt = (): unknown => connectionFromUrl('postgres://ann:secret@host:port/main');
  expect(attempt).toThrow('postgres://user:password@host:5432/database');
  expect(attempt).not.toThrow(/secret/);
});
