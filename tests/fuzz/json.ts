import type { Dice } from './dice.ts';
import { anything, NUMBERS, TEXTS } from './hostile.ts';

interface Slot {
  owner: Record<string, unknown>;
  key: string;
  path: string;
}

function slots(value: unknown, path: string, found: Slot[]): void {
  if (typeof value !== 'object' || value === null) return;
  for (const key of Object.keys(value).slice(0, 200)) {
    found.push({ owner: value as Record<string, unknown>, key, path: `${path}.${key}` });
    slots((value as Record<string, unknown>)[key], `${path}.${key}`, found);
  }
}

/**
 * One member of some JSON made hostile in place, in its own type or in none: a number at an edge, a text that breaks out, a list
 * that is empty or long, nothing at all.
 * @returns what was changed; the JSON may be the member itself
 */
export function spoil(holder: { value: unknown }, dice: Dice): string {
  const found: Slot[] = [];
  slots(holder, '', found);
  if (found.length === 0) return 'nothing left';
  const { owner, key, path } = dice.pick(found);
  const before = owner[key];
  if (dice.chance(0.12)) {
    delete owner[key];
    return `${path} missing`;
  }
  owner[key] = dice.chance(0.25) ? anything(dice) : hostile(before, dice);
  return `${path} = ${(JSON.stringify(owner[key]) ?? 'nothing').slice(0, 60)}`;
}

function hostile(value: unknown, dice: Dice): unknown {
  if (typeof value === 'number') return dice.pick(NUMBERS);
  if (typeof value === 'string') return dice.pick(TEXTS);
  if (typeof value === 'boolean') return !value;
  if (Array.isArray(value))
    return dice.pick([[], value.slice(1), [...value, ...value], Array.from({ length: 3000 }, () => value[0] as unknown)]);
  return value === null ? dice.pick([0, '', [], {}, '../x']) : null;
}
