import { describe, expect, test } from 'vitest';
import { createSecrets } from './secrets.ts';

const secrets = createSecrets('a secret of thirty-two characters');
const others = createSecrets('another secret of more characters');

describe('what is sealed', () => {
  const sealed = secrets.seal('whsec_ß', 'webhook_endpoints:org_1:whk_1');

  test('is read by whoever has the secret, and holds nothing of the text', () => {
    expect(secrets.open(sealed, 'webhook_endpoints:org_1:whk_1')).toBe('whsec_ß');
    expect(sealed).toMatch(/^v1\.[\w-]+$/);
    expect(Buffer.from(sealed, 'base64url').includes('whsec')).toBe(false);
  });

  test('differs each time, so that equal secrets cannot be told', () => {
    expect(secrets.seal('x', 'p')).not.toBe(secrets.seal('x', 'p'));
  });

  test('cannot be read with another secret, in another row, or altered', () => {
    expect(others.open(sealed, 'webhook_endpoints:org_1:whk_1')).toBeNull();
    expect(secrets.open(sealed, 'webhook_endpoints:org_2:whk_1')).toBeNull();
    for (const index of [3, 20, 40, sealed.length - 3]) {
      const digit = sealed[index] === 'A' ? 'B' : 'A';
      const altered = sealed.slice(0, index) + digit + sealed.slice(index + 1);
      expect(secrets.open(altered, 'webhook_endpoints:org_1:whk_1')).toBeNull();
    }
    for (const other of ['', 'v1.', 'v2.AAAA', sealed.slice(0, 20)]) {
      expect(secrets.open(other, 'webhook_endpoints:org_1:whk_1')).toBeNull();
    }
  });
});

describe('a signature', () => {
  test('is good for its text, its purpose and its secret alone', () => {
    const signature = secrets.sign('unsubscribe', 'usr_1');
    expect(secrets.isSigned('unsubscribe', 'usr_1', signature)).toBe(true);
    expect(secrets.isSigned('unsubscribe', 'usr_2', signature)).toBe(false);
    expect(secrets.isSigned('another', 'usr_1', signature)).toBe(false);
    expect(others.isSigned('unsubscribe', 'usr_1', signature)).toBe(false);
    expect(secrets.isSigned('unsubscribe', 'usr_1', '')).toBe(false);
  });
});
