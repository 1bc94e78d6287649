import { fromBinary, toBinary } from '@bufbuild/protobuf';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ModelProtoSchema } from 'onnx-buf';
import { Dice } from './dice.ts';
import { spoiled } from './hostile.ts';
import { Lane } from './lane.ts';
import { bases } from './models/bases.ts';
import type { Base } from './models/bases.ts';
import { BOMBS } from './models/bombs.ts';
import { mutate } from './models/mutate.ts';
import { ROOT } from './root.ts';
import type { Suite } from './suite.ts';

interface Made {
  what: string;
  bytes: Uint8Array;
  data: Base['data'];
}

/** Models that are no longer right, by their fields and by their bytes, and models made to wear a reader out. */
export const models: Suite = {
  name: 'models',
  whole: 2000,
  short: 3,
  async open(folder, limits) {
    const known = bases(ROOT);
    const lane = new Lane(folder, limits);
    return {
      roots: () => (lane.pid === null ? [] : [lane.pid]),
      async attempt(seed) {
        const dice = new Dice(seed);
        const own = join(folder, String(seed));
        mkdirSync(own);
        const { what, bytes, data } = made(dice, known, own);
        const file = join(own, 'm.onnx');
        writeFileSync(file, bytes);
        if (data) writeFileSync(join(own, data.name), data.bytes);
        const commands = [
          ['inspect', file],
          ...(dice.chance(0.5) ? [['gradcheck', file]] : []),
          ...(dice.chance(0.1) ? [audit(file, own)] : []),
        ];
        const outcomes = [];
        for (const args of commands) outcomes.push(await lane.run(`${args[0]} of ${what}`, args));
        rmSync(own, { recursive: true, force: true });
        return outcomes;
      },
      close: async () => lane.close(),
    };
  },
};

const audit = (file: string, out: string): string[] => [
  'audit',
  '--model',
  file,
  '--images',
  join(ROOT, 'assets/samples/images/star'),
  '--limit',
  '1',
  '--attacks',
  'fgsm',
  '--workers',
  '1',
  '--json',
  '--out',
  join(out, 'audit'),
];

function made(dice: Dice, known: readonly Base[], folder: string): Made {
  const kind = dice.next();
  if (kind < 0.25) {
    const name = dice.pick(Object.keys(BOMBS));
    return { ...BOMBS[name]!(dice, folder), data: null };
  }
  const base = dice.pick(known);
  if (kind < 0.5) return { what: `${base.name} with its bytes changed`, bytes: spoiled(dice, base.bytes), data: base.data };
  // What cannot be written down is chosen anew.
  for (;;) {
    try {
      const model = fromBinary(ModelProtoSchema, base.bytes);
      const changes = Array.from({ length: dice.pick([1, 1, 2, 4]) }, () => mutate(model, dice));
      return { what: `${base.name} with ${changes.join('; ')}`, bytes: toBinary(ModelProtoSchema, model), data: base.data };
    } catch {
      continue;
    }
  }
}
