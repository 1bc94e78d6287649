/** Whether every case of every test is tried (`npm run test:all`), or of the slow ones a part, as `npm test` and the server do. */
export const ALL = process.env['HAIRLINE_TESTS'] === 'all';

/** Every so-maniest of cases that cost much and are much alike. */
export function part<T>(cases: readonly T[], of: number): T[] {
  return ALL ? [...cases] : cases.filter((_, i) => i % of === 0);
}
