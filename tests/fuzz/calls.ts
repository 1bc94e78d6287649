import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { CALLS, PictureAddress } from '../../shared/contract.ts';
import type { CallName } from '../../shared/contract.ts';
import { valid } from './calls/valid.ts';
import type { Words } from './calls/valid.ts';
import { Dice } from './dice.ts';
import { anything, TEXTS } from './hostile.ts';
import { spoil } from './json.ts';
import { ROOT } from './root.ts';
import { Served } from './served.ts';
import type { Outcome, Suite } from './suite.ts';

const SAMPLES = join(ROOT, 'assets/samples');
const STAR = join(SAMPLES, 'images/star');

/** What a window may send: every call, right and wrong, pictures' addresses, uploads, and frames that are no calls at all. */
export const calls: Suite = {
  name: 'calls',
  whole: 2000,
  short: 12,
  async open(folder, limits) {
    const served = new Served(folder, limits);
    const seen: Words = await known(served);
    return {
      roots: () => (served.pid === null ? [] : [served.pid]),
      async attempt(seed) {
        const dice = new Dice(seed);
        const kind = dice.next();
        if (kind < 0.72) return [await call(served, dice, seen)];
        if (kind < 0.84) return [await served.picture(bent(valid(PictureAddress, dice, seen), dice))];
        if (kind < 0.92) return [await upload(served, dice)];
        return [await garbage(served, dice)];
      },
      close: async () => served.close(),
    };
  },
};

/** What there is to ask about: loaded images, an audit that is over. */
async function known(served: Served): Promise<Words> {
  const visitor = await served.visit();
  const { images } = await visitor.call('images', { paths: [STAR], labels: null, offset: 0, limit: 3 });
  const over = new Promise<void>((done) => visitor.listen(({ type }) => (type === 'finished' || type === 'failed') && done()));
  const model = join(SAMPLES, 'signs.onnx');
  const { audit } = await visitor.call('start', {
    plan: { model, preprocessing: {}, images: [STAR], limit: 2, threats: [{ norm: 'linf', eps: [0.03], attacks: [{ id: 'fgsm' }] }] },
  });
  await over;
  return {
    model: [model, model, join(SAMPLES, 'autoencoder.onnx'), STAR],
    audit: [audit, audit, 'nothing'],
    image: [...images.map((one) => one.id), 'nothing'],
    images: [...images.map((one) => one.id), STAR],
    paths: [STAR, join(SAMPLES, 'images/*/01.png')],
    labels: [join(SAMPLES, 'classes.txt')],
    classNames: [join(SAMPLES, 'classes.txt')],
    picture: [join(STAR, readdirSync(STAR)[0]!)],
    file: [join(served.data, 'audits', audit, 'audit.hairline')],
    folder: ['fresh'],
    id: ['fgsm', 'pgd', 'ddn'],
    attack: ['fgsm', 'pgd'],
    input: ['pixels', 'input'],
    output: ['scores', 'output'],
    eps: [0.03, 0.1],
    epsilon: [0.03],
    psnr: [20],
    limit: [1, 2],
    steps: [2],
    tries: [1, 2],
    probes: [1, 2],
    threat: [0],
    width: [32],
    height: [32],
    channels: [3],
    count: [1, 2],
    batch: [1],
    workers: [1],
    maxQueries: [5],
  };
}

/** As it is, or with one or a few of its members made hostile. */
function bent(value: unknown, dice: Dice): unknown {
  const holder = { value };
  for (let n = dice.pick([0, 1, 1, 1, 3]); n > 0; n--) spoil(holder, dice);
  return holder.value;
}

async function call(served: Served, dice: Dice, words: Words): Promise<Outcome> {
  if (dice.chance(0.03)) return served.call(dice.pick(TEXTS), anything(dice));
  const name = dice.pick(Object.keys(CALLS) as CallName[]);
  const input = bent(valid(CALLS[name].in, dice, words), dice);
  const outcome = await served.call(name, input);
  // What was started is not waited for.
  if ((name === 'start' || name === 'resume') && outcome.end === 'accepted') {
    const visitor = await served.visit();
    for (const { audit, state } of await visitor.call('audits', {}))
      if (state === 'preparing' || state === 'running') await visitor.send('cancel', { audit });
  }
  return outcome;
}

function upload(served: Served, dice: Dice): Promise<Outcome> {
  const path = dice.pick(['a.png', 'folder/b.onnx', ...TEXTS.map((t) => t.slice(0, 3000).toString())]);
  const batch = dice.pick(['abcdefgh', 'abcdefgh', ...TEXTS.map((t) => t.slice(0, 100))]);
  const query = (text: string) => encodeURIComponent(Buffer.from(text).toString());
  return served.outcome(`upload of ${JSON.stringify(path.slice(0, 60))} into ${JSON.stringify(batch.slice(0, 40))}`, async (visitor) => {
    const { status, body } = await visitor.ask(`/upload?batch=${query(batch)}&path=${query(path)}`, {
      method: dice.pick(['POST', 'POST', 'PUT', 'DELETE', 'GET']),
      body: new Uint8Array(dice.pick([0, 1, 5000])),
    });
    return { refused: status < 300 ? null : status < 500 ? body.toString().trim() : `[${status}] ${body}` };
  });
}

/** Frames that are no requests: the connection may be closed, and the next visitor is served. */
function garbage(served: Served, dice: Dice): Promise<Outcome> {
  const frame = dice.pick<string | Uint8Array>([
    '',
    '{',
    'null',
    '[]',
    '{"id":1}',
    '{"id":1e999,"call":"about","input":{}}',
    `{"id":1,"call":"about","input":${'['.repeat(50_000)}${']'.repeat(50_000)}}`,
    '{"id":1,"call":"__proto__","input":{}}',
    new Uint8Array(3),
    new Uint8Array(200_000),
    'x'.repeat(9 * 2 ** 20),
    JSON.stringify(anything(dice)) ?? '',
  ]);
  return served.outcome(`a frame of ${frame.length} beginning with ${JSON.stringify(String(frame).slice(0, 40))}`, async (visitor) => {
    (await visitor.connect()).send(frame);
    const socket = await visitor.connect();
    const { error } = await visitor.send('about', {});
    if (error) throw new Error(`afterwards: ${error.message}`);
    return socket.readyState === socket.OPEN ? { refused: null } : { refused: 'closed' };
  });
}
