/** Colours and sizes of the report: ink on white, one accent, hairlines. Sizes in points. */
export const COLOR = {
  ink: '#15181e',
  soft: '#59616f',
  faint: '#8b93a1',
  rule: '#d4d8df',
  wash: '#f4f6f9',
  accent: '#1f4e9e',
  band: '#d5e0f2',
  broken: '#a8321f',
} as const;

/** A4. */
export const PAGE = { width: 595.28, height: 841.89, left: 54, right: 54, top: 52, bottom: 58 } as const;
export const BODY_WIDTH = PAGE.width - PAGE.left - PAGE.right;

export const SIZE = { title: 21, h1: 14, h2: 10.5, lead: 10.25, body: 9, table: 8, small: 7.25, footer: 6.25 } as const;
