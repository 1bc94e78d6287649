import type { App, Session, WebContents } from 'electron';
import { isOwn, parse } from './origin.ts';

/**
 * What Chromium must not do by itself. The resolver rule is the last line of defence: even a request
 * that slips past everything else finds no address, so an audit cannot leave the machine.
 */
const SWITCHES: readonly [string, string?][] = [
  ['disable-background-networking'],
  ['disable-component-update'],
  ['disable-domain-reliability'],
  ['no-pings'],
  ['no-proxy-server'],
  ['host-resolver-rules', 'MAP * ~NOTFOUND'],
];

/** Before `ready`: every renderer in a sandbox, no network of Chromium's own, every new page locked. */
export function secureApp(app: App): void {
  app.enableSandbox();
  for (const [name, value] of SWITCHES) app.commandLine.appendSwitch(name, value);
  app.on('web-contents-created', (_event, contents) => secureContents(contents));
}

/** Once the session exists: no permission, no device, no download, no request to anything but ourselves. */
export function secureSession(session: Session): void {
  // Electron grants whatever nobody denies, and asks in three ways.
  session.setPermissionRequestHandler((_contents, _permission, answer) => answer(false));
  session.setPermissionCheckHandler(() => false);
  session.setDevicePermissionHandler(() => false);
  // The spell checker would fetch dictionaries.
  session.setSpellCheckerEnabled(false);
  // Documents leave through the save dialog only.
  session.on('will-download', (event) => event.preventDefault());
  session.webRequest.onBeforeRequest((details, answer) => answer({ cancel: !mayLoad(details.url) }));
}

/** Ourselves, the developer tools, and what is in the address itself. */
export function mayLoad(address: string): boolean {
  if (isOwn(address)) return true;
  const protocol = parse(address)?.protocol;
  return protocol === 'devtools:' || protocol === 'data:' || protocol === 'blob:';
}

/** Keeps a page where it is: no navigation away, no other window, no guest page. */
function secureContents(contents: WebContents): void {
  const stay = (event: { url: string; preventDefault(): void }): void => {
    if (!isOwn(event.url)) event.preventDefault();
  };
  contents.on('will-navigate', stay);
  contents.on('will-frame-navigate', stay);
  contents.on('will-redirect', stay);
  contents.on('will-attach-webview', (event) => event.preventDefault());
  contents.setWindowOpenHandler(() => ({ action: 'deny' }));
}
