import { openDifferentiable } from '../../src-main/runtime/differentiable.ts';
import { breathe, startPartner } from '../partner.ts';
import type { Partner } from '../partner.ts';
import { startCrew } from './crew.ts';
import { pixelsFor, requestFor, timed } from './measure.ts';
import type { Timed } from './measure.ts';
import { least, median } from './report.ts';

/** Model, batch, and how many times as fast the project wants to be. */
const CASES = [
  ['resnet-18', 8, 1.5],
  ['lenet-5', 32, 4],
] as const;
/** Steps in a row before the other side has its turn. */
const TURN: Record<string, number> = { 'resnet-18': 1, 'lenet-5': 50 };

export interface Comparison {
  python: string;
  seconds: number;
  threads: number;
  /** Workers of one thread each on our side; 1: one session with as many threads as PyTorch. */
  workers: number;
  writeModel(name: string): string;
}

/** Times a gradient step of ours and one of PyTorch's by turns, on the same cores, in one run; prints a table. */
export async function compareWithTorch({ python, seconds, threads, workers, writeModel }: Comparison): Promise<void> {
  console.log(
    '| model | batch | threads | batch norm in PyTorch | ours ms | PyTorch ms | times as fast | of minima | of processor | wanted |\n|---|---:|---:|---|---:|---:|---:|---:|---:|---:|',
  );
  let greeting = '';
  for (const norm of ['folded', 'keeps']) {
    const partner = await startPartner(python, ['bench/torch_gradient.py', '--threads', String(threads), '--norm', norm]);
    greeting = partner.greeting;
    for (const [model, batch, wanted] of CASES) {
      if (norm === 'keeps' && model === 'lenet-5') continue; // it has none
      const { ours, theirs } = await alternate(writeModel(model), { model, batch, threads, workers, seconds, partner });
      const [walls, cpus] = (['wall', 'cpu'] as const).map((kind) => [ours, theirs].map((runs) => runs.map((run) => run[kind]))) as [
        number[][],
        number[][],
      ];
      const text = (values: number[]) => `${median(values).toFixed(2)} (${least(values).toFixed(2)})`;
      const quotient = (of: (values: number[]) => number, [a, b]: number[][]) => (of(b!) / of(a!)).toFixed(2);
      const ratios = [quotient(median, walls), quotient(least, walls), quotient(least, cpus)];
      console.log(`| ${[model, batch, threads, norm, text(walls[0]!), text(walls[1]!), ...ratios, wanted.toFixed(1)].join(' | ')} |`);
    }
    partner.close();
  }
  console.log(`\nPyTorch: ${greeting}. Median (least) of alternating turns.`);
}

interface Match {
  model: string;
  batch: number;
  threads: number;
  workers: number;
  seconds: number;
  partner: Partner;
}

/** So many steps in a row on our side, and what one of them took. */
type Turn = (count: number) => Promise<Timed[]>;

async function ourSide(file: string, { batch, threads, workers }: Match): Promise<{ turn: Turn; close(): unknown }> {
  if (workers > 1) {
    const crew = await startCrew({ file, batch }, workers);
    // Their processor time is not ours to see.
    return { turn: async (count) => [{ wall: (await timed(() => crew.steps(count))).wall / count, cpu: NaN }], close: () => crew.close() };
  }
  const request = requestFor({ file, batch, threads });
  const model = await openDifferentiable(request);
  const pixels = pixelsFor(request);
  const label = Int32Array.from({ length: batch }, (_, r) => r % 10);
  const turn: Turn = async (count) => {
    const runs: Timed[] = [];
    for (let i = 0; i < count; i++) runs.push(await timed(() => model.gradient('margin', pixels, label, null)));
    return runs;
  };
  return { turn, close: () => model.close() };
}

async function alternate(file: string, match: Match) {
  const { model: name, batch, seconds, partner } = match;
  const { turn, close } = await ourSide(file, match);
  const ours: Timed[] = [];
  const theirs: Timed[] = [];
  const ask = async (): Promise<Timed> => {
    const [wall, cpu] = (await partner.ask(`${name} ${batch}`)).split(' ').map(Number) as [number, number];
    return { wall, cpu };
  };
  for (let i = 0; i < 2; i++) {
    await turn(1);
    await ask();
  }
  const end = performance.now() + 1000 * seconds;
  while (ours.length < 3 || performance.now() < end) {
    await breathe();
    ours.push(...(await turn(TURN[name]!)));
    await breathe();
    for (let i = 0; i < TURN[name]!; i++) theirs.push(await ask());
  }
  await close();
  return { ours, theirs };
}
