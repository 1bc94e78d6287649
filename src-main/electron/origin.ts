/** The window's own scheme and host. Nothing else is ever loaded. */
export const SCHEME = 'app';
export const HOST = 'bundle';
export const START_PAGE = `${SCHEME}://${HOST}/index.html`;

/** Whether an address belongs to the window itself. Parsed, never compared by its first letters. */
export function isOwn(address: string): boolean {
  const url = parse(address);
  // `origin` is "null" for schemes that Node does not know, hence the parts.
  return url !== null && url.protocol === `${SCHEME}:` && url.host === HOST && url.username === '' && url.password === '';
}

/** null for what is no address. (`URL.parse` is not in every Node that runs the tests.) */
export function parse(address: string): URL | null {
  return URL.canParse(address) ? new URL(address) : null;
}
