import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import type WebSocket from 'ws';
import { isDroppedName } from '../../shared/names.ts';
import { UserError } from '../../shared/errors.ts';
import { AuditPlan } from '../../shared/plan.ts';
import { safeSegments } from '../../src-main/web/upload.ts';
import { PNG, served } from './served.ts';

/* What people call their files: every name that is taken is known afterwards, and it is what they are told. */

const here = served();
const BATCH = 'batch-0001';
const sha256 = (bytes: Buffer): string => createHash('sha256').update(bytes).digest('hex');

/** Names that no id of ours has, and that a file may have all the same. */
const ODD = [
  `${'l'.repeat(240)}.png`,
  `${'ü'.repeat(124)}.png`,
  'a\u202Egnp.png',
  'zero\u200Bwidth.png',
  'family 👩‍👩‍👧.png',
  'line\u2028two.png',
  'private\uE000.png',
  'c1\u0085.png',
  ' lead.png',
  '-dash.png',
  '..dots.png',
  '~',
  'классы.png',
];

/** A window's socket, and a call over it. */
async function window(): Promise<{
  cookie: string;
  socket: WebSocket;
  call: (name: string, input: unknown) => Promise<{ out?: unknown; error?: { message: string; user: boolean } }>;
}> {
  const cookie = await here.enter();
  const socket = await here.open({ cookie, origin: here.base.origin });
  return {
    cookie,
    socket,
    call: async (call, input) => {
      const next = here.next(socket);
      socket.send(JSON.stringify({ id: 1, call, input }));
      return (await next) as never;
    },
  };
}

const post = async (cookie: string, path: string): Promise<string> =>
  (JSON.parse((await here.post(cookie, path, PNG, BATCH)).body) as { root: string }).root;

describe('a plan of what was dropped', () => {
  it('names every file of the drop, whatever it is called', async () => {
    const { cookie, call } = await window();
    const model = await post(cookie, 'm.onnx');
    let images = '';
    for (const name of ODD) images = await post(cookie, `set/${name}`);
    expect(
      await call('start', {
        plan: { model, images: [images], preprocessing: {}, threats: [{ norm: 'linf', eps: [0.1], attacks: [{ id: 'pgd' }] }] },
      }),
    ).toMatchObject({ out: { audit: 'begun' } });
    const { plan } = here.calls.find(([name]) => name === 'start')![1] as { plan: unknown };
    const { dropped } = AuditPlan.parse(plan);
    expect(dropped![0]!.files.map(({ name }) => name).sort()).toEqual(['m.onnx', ...ODD.map((name) => `set/${name}`)].sort());
    expect(new Set(dropped![0]!.files.map((file) => file.sha256))).toEqual(new Set([sha256(PNG)]));
  });

  it('has a name for whatever an upload is stored as, and for nothing that leaves its folder', () => {
    let state = 1;
    const random = (below: number): number => (state = (Math.imul(state, 1664525) + 1013904223) >>> 0) % below;
    const pieces = [...ODD, ...'./\\:*?"<>| \0\n\t\u007f%', 'con', 'LPT1', 'aux.png', '..', 'a', 'é', '\u202E', 'C:'];
    let taken = 0;
    for (let i = 0; i < 20_000; i++) {
      const path = Array.from({ length: 1 + random(6) }, () => pieces[random(pieces.length)]).join('');
      let stored: string;
      try {
        stored = safeSegments(path).join('/');
      } catch {
        continue;
      }
      // The file system takes no longer ones.
      if (stored.split('/').some((part) => Buffer.byteLength(part) > 255)) continue;
      taken++;
      expect(isDroppedName(stored), JSON.stringify(stored)).toBe(true);
    }
    expect(taken).toBeGreaterThan(1000);
    for (const path of [
      '',
      '.',
      '..',
      '../a',
      'a/..',
      'a/../b',
      '/a',
      'a//b',
      'a/',
      'a\\b',
      'C:a',
      'a\0',
      'a\nb',
      'nul',
      'a/con.png',
      'a. ',
      'x'.repeat(256),
      'd/'.repeat(16) + 'x',
    ])
      expect(isDroppedName(path), JSON.stringify(path)).toBe(false);
  });
});

describe('a sentence for the window', () => {
  it('calls a file as it was dropped, in errors, warnings, reasons and events; paths for further calls stay', async () => {
    const { cookie, socket, call } = await window();
    const labels = await post(cookie, 'классы.txt');
    const images = await post(cookie, 'set/a b.png');
    here.answers = (name) => {
      if (name !== 'images') throw new UserError(`${labels} has 3 classes, and ${images}/a b.png has none.`);
      return {
        images: [],
        total: 0,
        classNames: null,
        warnings: [`${labels} has no label for ${images}/a b.png.`],
        leftOut: { total: 1, files: [{ source: 'set/a b.png', reason: `is not in ${labels}.` }] },
      };
    };
    expect(await call('values', { model: labels })).toMatchObject({
      error: { message: 'классы.txt has 3 classes, and set/a b.png has none.', user: true },
    });
    expect(await call('images', { paths: [images], labels: null, classNames: null, offset: 0, limit: null })).toMatchObject({
      out: { warnings: ['классы.txt has no label for set/a b.png.'], leftOut: { files: [{ reason: 'is not in классы.txt.' }] } },
    });
    const next = here.next(socket);
    here.emit({ type: 'failed', audit: images, message: `${labels} is empty.`, user: true });
    expect(await next).toEqual({ event: { type: 'failed', audit: images, message: 'классы.txt is empty.', user: true } });
  });
});
