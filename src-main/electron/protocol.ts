import { readFile } from 'node:fs/promises';
import { extname, isAbsolute, relative, resolve } from 'node:path';
import { protocol } from 'electron';
import { PictureAddress } from '../../shared/contract.ts';
import { messageOf, UserError } from '../../shared/errors.ts';
import { CONTENT_TYPES, CSP } from '../../shared/served.ts';
import type { Service } from '../engine/api.ts';
import { isOwn, SCHEME } from './origin.ts';

/** Makes `app:` a scheme like https: an origin of its own, under the content policy. Once, before `ready`. */
export function registerScheme(): void {
  const privileges = { standard: true, secure: true, supportFetchAPI: true, codeCache: true };
  protocol.registerSchemesAsPrivileged([{ scheme: SCHEME, privileges }]);
}

/**
 * Serves the built window, and pictures under `/picture?<PictureAddress as JSON>`. Pictures share
 * the window's origin, so that the content policy can say 'self'.
 * @param root folder of the built renderer
 */
export function serveScheme(root: string, service: Service): void {
  protocol.handle(SCHEME, (request) => respond(root, service, request));
}

/** The answer to one request; never rejects. */
export async function respond(root: string, service: Service, request: { url: string; method: string }): Promise<Response> {
  if (!isOwn(request.url)) return refusal(403, 'This address is not part of Hairline.');
  if (request.method !== 'GET' && request.method !== 'HEAD') return refusal(405, 'Only reading is possible here.');
  const url = new URL(request.url);
  return url.pathname === '/picture' ? picture(service, url.search) : file(root, url.pathname);
}

async function picture(service: Service, search: string): Promise<Response> {
  let address: PictureAddress;
  try {
    address = PictureAddress.parse(JSON.parse(decodeURIComponent(search.slice(1))));
  } catch {
    return refusal(400, 'This is not the address of a picture.');
  }
  try {
    return new Response((await service.picture(address)) as Uint8Array<ArrayBuffer>, { headers: headers('image/png') });
  } catch (error) {
    return refusal(error instanceof UserError ? 404 : 500, messageOf(error));
  }
}

async function file(root: string, pathname: string): Promise<Response> {
  const path = locate(root, pathname);
  if (path === null) return refusal(403, 'This path leaves the window.');
  try {
    // `readFile` and not `net.fetch`: it reads from the asar as well, and no file: address comes into being.
    return new Response(await readFile(path), { headers: headers(CONTENT_TYPES[extname(path)] ?? 'application/octet-stream') });
  } catch {
    return refusal(404, 'There is nothing here.');
  }
}

/** Where a URL's path lies in the folder; null when it leaves the folder or cannot be read. */
function locate(root: string, pathname: string): string | null {
  let decoded: string;
  try {
    decoded = decodeURIComponent(pathname);
  } catch {
    return null;
  }
  // A backslash is a separator on Windows only; no file of ours has one anywhere.
  if (/[\0\\]/.test(decoded)) return null;
  const path = resolve(root, `.${decoded === '/' ? '/index.html' : decoded}`);
  const inside = relative(root, path);
  return inside === '' || inside.startsWith('..') || isAbsolute(inside) ? null : path;
}

function refusal(status: number, sentence: string): Response {
  return new Response(sentence, { status, headers: headers('text/plain; charset=utf-8') });
}

function headers(type: string): Record<string, string> {
  return {
    'content-type': type,
    'content-security-policy': CSP,
    'x-content-type-options': 'nosniff',
    'referrer-policy': 'no-referrer',
    'cross-origin-opener-policy': 'same-origin',
    'cross-origin-resource-policy': 'same-origin',
    'cache-control': 'no-store',
  };
}
