import { rm, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { RunEvent } from '../../shared/contract.ts';
import { served } from './served.ts';

const here = served();

describe('the socket', () => {
  it('is refused without cookie, with a foreign Origin, or with none', async () => {
    const cookie = await here.enter();
    await expect(here.open({ origin: here.base.origin })).rejects.toThrow('403');
    await expect(here.open({ cookie })).rejects.toThrow('403');
    await expect(here.open({ cookie, origin: 'http://evil.example' })).rejects.toThrow('403');
    await expect(here.open({ cookie, origin: here.base.origin, host: 'evil.example' })).rejects.toThrow('403');
  });

  it('carries calls, errors and events, all checked', async () => {
    const socket = await here.open({ cookie: await here.enter(), origin: here.base.origin });
    const call = async (name: string, input: unknown) => {
      socket.send(JSON.stringify({ id: 7, call: name, input }));
      return here.next(socket);
    };
    expect(await call('about', {})).toEqual({ id: 7, out: { hairline: '0.1.0', host: 'test', providers: ['cpu'] } });
    const model = join(here.folder, 'data/audits/x.onnx');
    await writeFile(model, 'no model');
    expect(await call('inspect', { model })).toEqual({ id: 7, error: { message: 'This file is no ONNX model.', user: true } });
    expect(await call('inspect', { model: join(here.folder, 'secret.txt') })).toMatchObject({
      error: { message: expect.stringContaining('lies outside'), user: true },
    });
    expect(await call('inspect', { model: 3 })).toMatchObject({
      error: { message: expect.stringContaining('something wrong: model: '), user: true },
    });
    expect(await call('toString', {})).toMatchObject({ error: { message: 'There is no call named "toString".', user: true } });
    expect(await call('audits', {})).toMatchObject({ error: { message: expect.stringContaining('does not fit') } });
    expect(here.calls).toEqual([
      ['about', {}],
      ['inspect', { model, input: null, fixed: {}, output: null }],
      ['audits', {}],
    ]);
    const event: RunEvent = { type: 'warning', audit: 'a', message: 'Chance accuracy.' };
    const heard = here.next(socket);
    here.emit(event);
    expect(await heard).toEqual({ event });
    socket.close();
  });

  it('ends on a message that is no request', async () => {
    const socket = await here.open({ cookie: await here.enter(), origin: here.base.origin });
    socket.send('{"id":');
    expect(await new Promise((done) => socket.on('close', done))).toBe(1008);
  });

  it('goes on whatever is sent to it: too deep, too much at once, no text', async () => {
    const cookie = await here.enter();
    const deep = `{"id":1,"call":"about","input":${'['.repeat(1e6)}${']'.repeat(1e6)}}`;
    for (const message of [
      'null',
      '[]',
      '3',
      '{"id":1.5,"call":"about","input":{}}',
      '{"id":1,"call":"about","input":{},"more":1}',
      Buffer.from([0, 1, 2]),
    ]) {
      const socket = await here.open({ cookie, origin: here.base.origin });
      socket.send(message);
      expect(await new Promise((done) => socket.on('close', done)), String(message).slice(0, 40)).toBe(1008);
    }
    const large = await here.open({ cookie, origin: here.base.origin });
    large.send('x'.repeat(9 * 2 ** 20));
    expect(await new Promise((done) => large.on('close', done))).toBe(1009);

    const socket = await here.open({ cookie, origin: here.base.origin });
    const answers: { id: number; error?: { message: string } }[] = [];
    const all = new Promise<void>((done) => socket.on('message', (data) => answers.push(JSON.parse(String(data))) === 1000 && done()));
    for (let id = 0; id < 1000; id++) socket.send(JSON.stringify({ id, call: 'mapMore', input: { map: String(id) } }));
    await all;
    // Each got an answer of its own, and those over the limit a sentence.
    expect(answers.map(({ id }) => id).sort((a, b) => a - b)).toEqual(Array.from({ length: 1000 }, (_, id) => id));
    expect(
      answers.filter(({ error }) => error?.message === '64 calls are under way already; wait for their answers.').length,
    ).toBeGreaterThan(0);
    socket.send(deep);
    expect(await here.next(socket)).toEqual({
      id: 1,
      error: { message: 'What the call was given is nested deeper than 32 levels.', user: true },
    });
    socket.send(JSON.stringify({ id: 1, call: 'about', input: {} }));
    expect(await here.next(socket)).toMatchObject({ out: { hairline: '0.1.0' } });
    socket.close();
  });

  it('serves so many windows, and no more', async () => {
    const cookie = await here.enter();
    const sockets = await Promise.all(Array.from({ length: 32 }, () => here.open({ cookie, origin: here.base.origin })));
    await expect(here.open({ cookie, origin: here.base.origin })).rejects.toThrow('503');
    sockets[0]!.close();
    await expect
      .poll(() =>
        here.open({ cookie, origin: here.base.origin }).then(
          (socket) => sockets.push(socket) > 0,
          () => false,
        ),
      )
      .toBe(true);
    for (const socket of sockets) socket.close();
  });

  it('gives exported documents an address that only serves that file', async () => {
    const cookie = await here.enter();
    const socket = await here.open({ cookie, origin: here.base.origin });
    socket.send(JSON.stringify({ id: 1, call: 'export', input: { audit: 'a', format: 'pdf' } }));
    const { out } = (await here.next(socket)) as { out: { url: string } };
    const got = await here.ask(out.url, { cookie });
    expect([got.body, got.headers['content-disposition']]).toEqual(['%PDF-', "attachment; filename*=UTF-8''report.pdf"]);
    expect((await here.ask(`/export/${'0'.repeat(24)}/report.pdf`, { cookie })).status).toBe(404);
    // The same document keeps its address; a link in its place is not followed.
    socket.send(JSON.stringify({ id: 2, call: 'export', input: { audit: 'a', format: 'pdf' } }));
    expect(await here.next(socket)).toMatchObject({ out: { url: out.url } });
    await rm(join(here.folder, 'report.pdf'));
    await symlink(join(here.folder, 'secret.txt'), join(here.folder, 'report.pdf'));
    expect((await here.ask(out.url, { cookie })).status).toBe(404);
    socket.close();
  });
});
