import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { AuditStatus, CallName, RunEvent } from '../../shared/contract.ts';
import { UserError } from '../../shared/errors.ts';
import type { EngineChannel, EngineFork, Service } from '../../src-main/engine/api.ts';
import { EngineClient } from '../../src-main/engine/client.ts';
import { Respawn } from '../../src-main/engine/respawn.ts';
import { spawnEngine } from '../../src-main/engine/spawn.ts';
import { serveWire } from '../../src-main/engine/wire.ts';
import type { Message, WireEnd } from '../../src-main/engine/wire.ts';
import { handmade } from './handmade.ts';

const status = (state: AuditStatus['state'], audit = 'a1'): RunEvent => ({
  type: 'status',
  status: { audit, name: '', state, done: 0, total: 4, eta: null, message: '', folder: '' },
});

/** A service in memory behind the real wire: what `serveWire` and `EngineClient` say to each other. */
class Bench {
  readonly channels: { die(reason: string): void; killed: boolean }[] = [];
  readonly asked: { name: CallName; input: unknown }[] = [];
  emit: (event: RunEvent) => void = () => {};
  closed = 0;
  answer: (name: CallName, input: unknown) => unknown = () => ({});

  readonly fork: EngineFork = () => {
    let toHost: (message: unknown) => void = () => {};
    let toEngine: (message: unknown) => void = () => {};
    let exit: (reason: string) => void = () => {};
    const state = { killed: false, die: (reason: string) => exit(reason) };
    this.channels.push(state);
    // The frames are tested by themselves; here a copy does.
    const end: WireEnd = {
      post: (message: Message) => {
        const copy: unknown = structuredClone(message);
        setImmediate(() => toHost(copy));
      },
      onMessage: (listener) => (toEngine = listener),
    };
    const service: Service = {
      call: async (name, input) => {
        this.asked.push({ name, input });
        return (await this.answer(name, input)) as never;
      },
      listen: (listener) => {
        this.emit = listener;
        return () => {};
      },
      picture: async (address) => Uint8Array.from(['image' in address ? address.image.length : 0]),
      close: async () => void this.closed++,
    };
    serveWire(end, service);
    const channel: EngineChannel = {
      post: (message) => {
        const copy: unknown = structuredClone(message);
        setImmediate(() => toEngine(copy));
      },
      onMessage: (listener) => (toHost = listener),
      onExit: (listener) => (exit = listener),
      kill: () => (state.killed = true),
    };
    return channel;
  };
}

/** Time that passes only by sleeping. */
class FakeClock {
  time = 0;
  readonly slept: number[] = [];
  now = (): number => this.time;
  sleep = async (milliseconds: number): Promise<void> => {
    this.slept.push(milliseconds);
    this.time += milliseconds;
  };
}

const never = new Promise<never>(() => {});

describe('EngineClient over the wire', () => {
  it('answers many calls at once, each with its own value, and carries bytes', async () => {
    const bench = new Bench();
    bench.answer = async (name, input) => {
      // The first call answers last.
      await sleep((input as { audit: string }).audit === '0' ? 30 : 1);
      return name === 'audits' ? [] : {};
    };
    const client = new EngineClient(bench.fork);
    const done: string[] = [];
    await Promise.all(['0', '1', '2'].map((audit) => client.call('pause', { audit }).then(() => done.push(audit))));
    expect(done[2]).toBe('0');
    expect(await client.call('audits', {})).toEqual([]);
    expect(await client.picture({ kind: 'image', image: 'abcd' })).toEqual(Uint8Array.from([4]));
    expect(bench.channels.length).toBe(1);
  });

  it('refuses bad input with one sentence before the engine is even started', async () => {
    const bench = new Bench();
    const client = new EngineClient(bench.fork);
    await expect(client.call('inspect', { model: 3 } as never)).rejects.toThrow(
      /^The call "inspect" was given something wrong: model: .*\.$/,
    );
    await expect(client.call('inspect', { model: 'm', more: 1 } as never)).rejects.toBeInstanceOf(UserError);
    await expect(client.call('constructor' as never, {} as never)).rejects.toThrow(/no call named "constructor"/);
    await expect(client.picture({ kind: 'image' } as never)).rejects.toBeInstanceOf(UserError);
    expect(bench.channels.length).toBe(0);
  });

  it('fills in defaults of the contract on the way to the engine', async () => {
    const bench = new Bench();
    bench.answer = () => ({ audit: 'a1' });
    const threats = [{ norm: 'l2' as const, eps: [1], attacks: [{ id: 'ddn' }] }];
    await new EngineClient(bench.fork).call('start', { plan: { model: 'm', preprocessing: {}, images: ['i'], threats } });
    expect(bench.asked[0]!.input).toMatchObject({
      plan: { seed: 0, preprocessing: { scale: 1 }, threats: [{ goal: { kind: 'untargeted' } }] },
    });
  });

  it('refuses an answer that breaks the contract', async () => {
    const bench = new Bench();
    bench.answer = () => ({ audit: 7 });
    const threats = [{ norm: 'l2' as const, eps: [1], attacks: [{ id: 'ddn' }] }];
    const call = new EngineClient(bench.fork).call('start', { plan: { model: 'm', preprocessing: {}, images: ['i'], threats } });
    await expect(call).rejects.toThrow(/The engine answered "start" wrongly: audit: /);
  });

  it('keeps apart what the user can mend and what not', async () => {
    const bench = new Bench();
    const client = new EngineClient(bench.fork);
    bench.answer = () => {
      throw new UserError('m.onnx is no ONNX model.');
    };
    const mend = await client.call('inspect', { model: 'm.onnx' }).catch((error: unknown) => error);
    expect(mend).toBeInstanceOf(UserError);
    expect((mend as Error).message).toBe('m.onnx is no ONNX model.');
    bench.answer = () => {
      throw new TypeError('x is undefined\nat y');
    };
    const fault = await client.call('inspect', { model: 'm.onnx' }).catch((error: unknown) => error);
    expect(fault).not.toBeInstanceOf(UserError);
    expect((fault as Error).message).toBe('x is undefined');
  });

  it('passes events on until the listener stops, and drops what is no event', async () => {
    const bench = new Bench();
    const client = new EngineClient(bench.fork);
    const seen: string[] = [];
    const stop = client.listen((event) => seen.push(event.type));
    await client.call('pause', { audit: 'a1' });
    bench.emit({ type: 'warning', audit: 'a1', message: 'w' });
    bench.emit({ type: 'nonsense' } as never);
    await sleep(5);
    stop();
    bench.emit({ type: 'warning', audit: 'a1', message: 'w' });
    await sleep(5);
    expect(seen).toEqual(['warning']);
  });
});

describe('an engine that dies', () => {
  it('rejects the calls under way, tells that the audits under way crashed, and only those, and then that it is gone', async () => {
    const bench = new Bench();
    const client = new EngineClient(bench.fork, new Respawn(new FakeClock()));
    const told: RunEvent[] = [];
    client.listen((event) => told.push(event));
    await client.call('pause', { audit: 'a1' });
    bench.emit(status('running', 'a1'));
    bench.emit(status('running', 'a2'));
    bench.emit({ type: 'finished', audit: 'a2', folder: '' });
    await sleep(5);
    bench.answer = () => never;
    const call = client.call('inspect', { model: 'm' });
    const refused = expect(call).rejects.toThrow(/^The engine stopped unexpectedly \(exit code 134 \| terminate called\)\.$/);
    await sleep(5);
    bench.channels[0]!.die('exit code 134\nterminate called\n');
    await refused;
    expect(told.slice(3)).toEqual([
      {
        type: 'status',
        status: {
          ...(told[0] as Extract<RunEvent, { type: 'status' }>).status,
          state: 'crashed',
          message: 'exit code 134 | terminate called',
        },
      },
      {
        type: 'failed',
        audit: 'a1',
        user: false,
        message: expect.stringContaining('can be resumed (exit code 134 | terminate called).') as string,
      },
      { type: 'died', message: 'The engine stopped unexpectedly (exit code 134 | terminate called).' },
    ]);

    bench.answer = () => ({});
    expect(await client.call('pause', { audit: 'a1' })).toEqual({});
    expect(bench.channels.length).toBe(2);
  });

  it('is started again later and later, and at most five times a minute', async () => {
    const bench = new Bench();
    const clock = new FakeClock();
    const client = new EngineClient(bench.fork, new Respawn(clock));
    bench.answer = () => never;
    for (let i = 0; i < 5; i++) {
      const call = client.call('audits', {}).catch((error: unknown) => (error as Error).message);
      await sleep(5);
      bench.channels[i]!.die('exit code 1');
      expect(await call).toMatch(/stopped unexpectedly/);
    }
    expect(clock.slept).toEqual([250, 500, 1000, 2000]);
    await expect(client.call('audits', {})).rejects.toThrow(/died 5 times within a minute; try again in \d+ s \(exit code 1\)\./);
    expect(bench.channels.length).toBe(5);

    clock.time += 60_000;
    bench.answer = () => [];
    expect(await client.call('audits', {})).toEqual([]);
    expect(bench.channels.length).toBe(6);
  });

  it('is closed in good order: asked first, killed then, not started again, audits not failed', async () => {
    const bench = new Bench();
    const client = new EngineClient(bench.fork);
    const seen: string[] = [];
    client.listen((event) => seen.push(event.type));
    await client.call('pause', { audit: 'a1' });
    bench.emit(status('running'));
    await sleep(5);
    bench.answer = () => never;
    const open = expect(client.call('audits', {})).rejects.toThrow('The engine was closed.');
    await Promise.all([client.close(), client.close()]);
    await open;
    bench.channels[0]!.die('signal SIGKILL');
    expect(bench.closed).toBe(1);
    expect(bench.channels[0]!.killed).toBe(true);
    expect(seen).toEqual(['status']);
    await expect(client.call('audits', {})).rejects.toThrow('The engine was closed.');
    expect(bench.channels.length).toBe(1);
  });
});

describe('a real process', () => {
  let folder: string;
  const clients: EngineClient[] = [];
  beforeAll(() => (folder = mkdtempSync(join(tmpdir(), 'hairline-spawn-'))));
  afterEach(async () => {
    for (const client of clients.splice(0)) await client.close();
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  const start = (file: string): EngineClient => {
    const client = new EngineClient(spawnEngine(process.execPath, file));
    clients.push(client);
    return client;
  };
  const engine = (hear: string): EngineClient => start(handmade(folder, hear));

  it('carries calls and a picture of a hundred megabytes', async () => {
    const client = engine(`
      if (m.kind === 'picture') send({ id: m.id, ok: true }, { value: Buffer.alloc(100 * 2 ** 20, 7) });
      else send({ id: m.id, ok: true, value: [] });`);
    expect(await client.call('audits', {})).toEqual([]);
    const bytes = await client.picture({ kind: 'image', image: 'x' });
    expect(bytes.length).toBe(100 * 2 ** 20);
    expect(Buffer.alloc(100 * 2 ** 20, 7).equals(bytes)).toBe(true);
  });

  it('carries a call of megabytes to an engine that is slow to read', async () => {
    const client = engine(`
      host.pause();
      setTimeout(() => (host.resume(), send({ id: m.id, ok: true, value: { file: m.input.text.length + m.input.text.slice(-1) } })), 50);`);
    expect(await client.call('nameClasses', { text: 'ä'.repeat(2 ** 19) + 'z', classes: 10 })).toEqual({ file: `${2 ** 19 + 1}z` });
  });

  it('keeps what the engine prints off the messages', async () => {
    const client = engine(`
      console.log('{"printed":1}'.repeat(10000));
      send({ id: m.id, ok: true, value: [] });`);
    expect(await client.call('audits', {})).toEqual([]);
  });

  it('tells the exit code and the last lines of stderr', async () => {
    const client = engine(`
      for (let i = 0; i < 40; i++) console.error('line ' + i);
      setTimeout(() => process.exit(9), 50);`);
    const message = await client.call('audits', {}).catch((error: unknown) => (error as Error).message);
    expect(message).toMatch(/exit code 9 \| line 20 \| .* \| line 39\)\.$/);
    expect(message).not.toContain('line 19 ');
  });

  it('tells the signal, and starts a new engine for the next call', async () => {
    const client = engine(`
      if (m.name === 'attacks') process.kill(process.pid, 'SIGKILL');
      else send({ id: m.id, ok: true, value: [] });`);
    await expect(client.call('attacks', {})).rejects.toThrow(
      process.platform === 'win32' ? /stopped unexpectedly/ : /stopped unexpectedly \(signal SIGKILL\)/,
    );
    expect(await client.call('audits', {})).toEqual([]);
  });

  it('ends an engine that says what is no message, and starts a new one', async () => {
    const client = engine(`
      if (m.name === 'attacks') out.write('Aborted (core dumped)');
      else send({ id: m.id, ok: true, value: [] });`);
    await expect(client.call('attacks', {})).rejects.toThrow(
      /stopped unexpectedly \(A message between the engine and its host is too long/,
    );
    expect(await client.call('audits', {})).toEqual([]);
  });

  it('tells when there is no engine to start', async () => {
    await expect(start(join(folder, 'absent.mjs')).call('audits', {})).rejects.toThrow(
      /stopped unexpectedly \(exit code 1 \| .*Cannot find module/,
    );
  });

  it('tells when there is no Node to start it with', async () => {
    const client = new EngineClient(spawnEngine(join(folder, 'no-node'), 'engine.mjs'));
    await expect(client.call('audits', {})).rejects.toThrow(/stopped unexpectedly \(spawn .*no-node ENOENT\)/);
  });

  it('hands the engine nothing of the environment that is not on the list', async () => {
    process.env['NODE_OPTIONS'] = '--require ./absent.cjs';
    process.env['HAIRLINE_TRIAL'] = 'kept';
    try {
      const client = engine(`send({ id: m.id, ok: false, error: { message: JSON.stringify(process.env), user: true } });`);
      const message = await client.call('audits', {}).catch((error: unknown) => (error as Error).message);
      const names = Object.keys(JSON.parse(String(message)) as object);
      expect(names).toEqual(expect.arrayContaining(['HAIRLINE_TRIAL', 'ORT_DISABLE_TELEMETRY', 'NVIDIA_TF32_OVERRIDE']));
      expect(names.filter((name) => /^(NODE|VITEST|npm)/i.test(name))).toEqual([]);
    } finally {
      delete process.env['NODE_OPTIONS'];
      delete process.env['HAIRLINE_TRIAL'];
    }
  });
});
