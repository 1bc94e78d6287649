import { join, sep } from 'node:path';
import { describe, expect, it } from 'vitest';
import { locate } from '../../src-main/web/static.ts';

const ROOT = join(sep, 'srv', 'window');

describe('where a path of an address lies under the window’s folder', () => {
  it.each([
    ['/', 'index.html'],
    ['/index.html', 'index.html'],
    ['/assets/a%20b.js', 'assets/a b.js'],
    ['/assets/../index.html', 'index.html'],
    ['/..a/b', null],
    ['/a..b', 'a..b'],
  ])('%s', (path, inside) => expect(locate(ROOT, path)).toBe(inside === null ? null : join(ROOT, inside)));

  it.each([
    ['/..', 'its parent'],
    ['/../secret', 'beside it'],
    ['/../windows/x', 'a folder whose name begins alike'],
    ['/%2e%2e/secret', 'beside it, in code'],
    ['/assets/../../secret', 'beside it by a way through it'],
    ['/assets/%2e%2e%2f%2e%2e%2fsecret', 'the same in code'],
    ['/.', 'the folder itself'],
    ['/a\\..\\..\\secret', 'a path of Windows'],
    ['/a%5c..%5csecret', 'the same in code'],
    ['/a%00.js', 'a name with a zero'],
    ['/%zz', 'no code at all'],
  ])('%s leads to nothing: %s', (path) => expect(locate(ROOT, path)).toBeNull());
});
