/** A path as Hairline writes paths: with / between names, and nothing that says where it begins. */
export const plainPath = (name: string): string =>
  name
    .replaceAll('\\', '/')
    .replace(/^(\.?\/)+/, '')
    .normalize('NFC');
