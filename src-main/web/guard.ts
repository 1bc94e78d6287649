import { randomBytes, timingSafeEqual } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { CSP } from '../../shared/served.ts';

/** Headers every answer carries. */
export const HEADERS: Readonly<Record<string, string>> = {
  'Content-Security-Policy': CSP,
  'X-Content-Type-Options': 'nosniff',
  'X-Frame-Options': 'DENY',
  'Referrer-Policy': 'no-referrer',
  'Cross-Origin-Opener-Policy': 'same-origin',
  'Cross-Origin-Resource-Policy': 'same-origin',
  'Permissions-Policy': 'camera=(), microphone=(), geolocation=()',
};

/** Answers with one plain sentence. */
export function answer(response: ServerResponse, status: number, sentence: string, extra: Record<string, string> = {}): void {
  response.writeHead(status, { ...HEADERS, 'Content-Type': 'text/plain; charset=utf-8', 'Cache-Control': 'no-store', ...extra });
  response.end(`${sentence}\n`);
}

/**
 * Who may talk to the window's server. A page elsewhere in the same browser must not: its Host is
 * foreign (DNS rebinding) or its Origin is, and it never has the cookie. The token of the printed
 * address is good for one exchange, so an address found in a shell history opens nothing.
 */
export class Guard {
  /** Goes into the address that is printed. */
  readonly token = randomBytes(24).toString('base64url');
  readonly #secret = randomBytes(32).toString('base64url');
  #spent = false;
  #port = 0;

  /** Tells the guard which port the server got. */
  bind(port: number): void {
    this.#port = port;
  }

  /** The address bar's name of this server, or a name the loopback address also has. */
  knowsHost(request: IncomingMessage): boolean {
    const host = request.headers.host;
    return host === `127.0.0.1:${this.#port}` || host === `localhost:${this.#port}`;
  }

  /** Whether a request comes from our own page. Plain navigation carries no Origin; what changes something must. */
  knowsOrigin(request: IncomingMessage, required: boolean): boolean {
    const origin = request.headers.origin;
    if (origin === undefined) return !required;
    return origin === `http://${request.headers.host ?? ''}`;
  }

  /** Whether the request has the session's cookie. */
  hasCookie(request: IncomingMessage): boolean {
    const given = (request.headers.cookie ?? '')
      .split(';')
      .map((part) => part.trim())
      .find((part) => part.startsWith(`${this.#name}=`));
    return given !== undefined && same(given.slice(this.#name.length + 1), this.#secret);
  }

  /** Takes the one-time token; gives the Set-Cookie header, or null when it is wrong or spent. */
  exchange(token: string): string | null {
    if (this.#spent || !same(token, this.token)) return null;
    this.#spent = true;
    return `${this.#name}=${this.#secret}; HttpOnly; SameSite=Strict; Path=/`;
  }

  /** Browsers share cookies between ports, so two servers need two names. */
  get #name(): string {
    return `hairline-${this.#port}`;
  }
}

function same(a: string, b: string): boolean {
  const left = Buffer.from(a);
  const right = Buffer.from(b);
  return left.length === right.length && timingSafeEqual(left, right);
}
