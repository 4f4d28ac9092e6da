import { hideSecrets, looksSecret } from './secrets';

describe('secrets', () => {
  it.each([
    ['db_password', 'x'],
    ['HF_TOKEN', 'x'],
    ['plain', 'AKIAABCDEFGHIJKLMNOP'],
    ['url', 'postgres://user:pass@host/db'],
    ['note', 'ghp_abcdefghijklmnopqrstuvwxyz0123'],
    ['jwt', 'eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0.x'],
  ])('%s=%s is hidden', (name, value) => expect(looksSecret(name, value)).toBe(true));

  it.each([
    ['max_depth', '6'],
    ['objective', 'binary:logistic'],
    ['s3', 's3://bucket/key'],
  ])('%s=%s is shown', (name, value) => expect(looksSecret(name, value)).toBe(false));

  it('an environment is committed whole', () => {
    expect(hideSecrets({ a: '1' }, () => 'c', true)).toEqual({ values: { a: 'c' }, committed: ['a'] });
  });
});
