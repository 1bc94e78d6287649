import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { attackPages, range } from '../../bench/pages/attacks.ts';

const FOLDER = join(import.meta.dirname, '../../docs/attacks');

describe('docs/attacks', () => {
  const pages = attackPages();
  it('is current: npm run bench -- pages writes it', () => {
    expect(readdirSync(FOLDER).sort()).toEqual(Object.keys(pages).sort());
    for (const [file, text] of Object.entries(pages)) expect(readFileSync(join(FOLDER, file), 'utf8')).toBe(text);
  });
  it('links to what is there', () => {
    for (const text of Object.values(pages))
      for (const [, link] of text.matchAll(/\]\(([^)]+)\)/g)) {
        const [file, anchor] = link!.split('#');
        expect(existsSync(join(FOLDER, file!)), link).toBe(true);
        if (anchor)
          expect(
            [...pages[file!]!.matchAll(/^## (.*)$/gm)].map(([, title]) =>
              title!
                .toLowerCase()
                .replace(/[^\p{L}\p{N} -]/gu, '')
                .replaceAll(' ', '-'),
            ),
          ).toContain(anchor);
      }
  });
  it('says what an option takes', () => {
    expect(range({ type: 'integer', minimum: 1, maximum: 9 })).toBe('whole number from 1 to 9');
    expect(range({ anyOf: [{ type: 'number', exclusiveMinimum: 0 }, { type: 'null' }] })).toBe('number above 0, or null');
    expect(range({ type: 'array', items: { enum: ['a', 'b'] } })).toBe('list of a, b');
  });
});
