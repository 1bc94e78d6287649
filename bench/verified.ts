import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { attackCards } from '../src-main/attacks/registry.ts';
import { neededFiles, readInstances, tryInstances } from './oracles/verified.ts';
import type { Outcome } from './oracles/verified.ts';

const HELP = `l∞ attacks against instances that published verifiers proved robust or broke (VNN-COMP 2021).

  npm run bench -- verified [options]
    --shared FOLDER   with oracles/verified.json, models/ and data/ (default ../shared)
    --attacks LIST    default: every attack that knows l∞
    --steps N         of the attacks that have steps, default 200         --restarts N  of those that have restarts, default 9
    --verdicts LIST   out of robust, broken, open, disputed; default robust,broken
    --option NAME=V   of those attacks that have it, repeatable

No success within a proved radius may ever be found; of those with a known counterexample the more the better. Counted are points
of the box [0,1] as floats and as 8-bit pictures; a verifier's counterexample need not be an 8-bit picture.`;

const { values } = parseArgs({
  options: {
    shared: { type: 'string', default: '../shared' },
    attacks: { type: 'string' },
    steps: { type: 'string', default: '200' },
    restarts: { type: 'string', default: '9' },
    verdicts: { type: 'string', default: 'robust,broken' },
    option: { type: 'string', multiple: true, default: [] },
    help: { type: 'boolean' },
  },
});

async function measure(shared: string): Promise<void> {
  const given = Object.fromEntries(values.option.map((text) => text.split('=') as [string, string]));
  const wanted = {
    steps: Number(values.steps),
    restarts: Number(values.restarts),
    ...Object.fromEntries(Object.entries(given).map(([name, text]) => [name, Number.isNaN(Number(text)) ? text : Number(text)])),
  };
  const verdicts = values.verdicts.split(',');
  const instances = readInstances(shared).filter(({ verdict }) => verdicts.includes(verdict));
  const attempts = attackCards()
    .filter((card) => !('needsOutput' in card && card.needsOutput))
    .filter(({ id, norms }) => norms.includes('linf') && (values.attacks?.split(',').includes(id) ?? true))
    .map(({ id, options }) => ({
      attack: id,
      options: Object.fromEntries(Object.entries(wanted).filter(([name]) => name in (options['properties'] as object))),
    }));
  const outcomes: Outcome[] = [];
  await tryInstances(shared, instances, attempts, (outcome) => outcomes.push(outcome));
  console.log(
    `| attack | ${verdicts.map((verdict) => `${verdict}: float, 8-bit of all`).join(' | ')} | passes/image |\n|---|${verdicts.map(() => '---:|').join('')}---:|`,
  );
  const line = (name: string, own: Outcome[]): void => {
    const cells = verdicts.map((verdict) => {
      const these = own.filter(({ instance }) => instance.verdict === verdict);
      const broken = (kind: 'float' | 'eightBit'): number => new Set(these.filter((one) => one[kind]).map(({ instance }) => instance)).size;
      return `${broken('float')}, ${broken('eightBit')} of ${new Set(these.map(({ instance }) => instance)).size}`;
    });
    console.log(`| ${[name, ...cells, Math.round(own.reduce((sum, { passes }) => sum + passes, 0) / instances.length)].join(' | ')} |`);
  };
  for (const { attack } of attempts)
    line(
      attack,
      outcomes.filter((outcome) => outcome.attack === attack),
    );
  line('all together', outcomes);
  for (const { instance, attack } of outcomes.filter((one) => provedWrong(one)))
    console.log(`WRONG: ${attack} broke ${instance.property} of ${instance.model}, which is proved robust`);
  for (const instance of instances.filter(({ verdict }) => verdict === 'broken'))
    if (!outcomes.some((one) => one.instance === instance && one.float))
      console.log(`not found: ${instance.property} of ${instance.model}, eps ${instance.eps}`);
}

function provedWrong({ instance, float, eightBit }: Outcome): boolean {
  return instance.verdict === 'robust' && (float || eightBit);
}

if (values.help) console.log(HELP);
else {
  const missing = [
    ...neededFiles(values.shared),
    ...(existsSync(join(values.shared, neededFiles(values.shared)[0]!)) ? neededFiles(values.shared, false) : []),
  ].find((file) => !existsSync(join(values.shared, file)));
  if (missing) console.log(`Skipped: ${join(values.shared, missing)} is not there.`);
  else await measure(values.shared);
}
