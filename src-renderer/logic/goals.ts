import type { AttackCard, GoalCard } from '../../shared/contract.ts';
import type { Goal } from '../../shared/plan.ts';
import { fieldsOf, initialOf, type SchemaField } from './schema.ts';

/** A goal with what its form starts from, and what was set. */
export function goalOf({ kind, options }: GoalCard, set: Record<string, unknown> = {}): Goal {
  return { ...initialOf(options), ...set, kind };
}

/** The first option that the goal needs and that nobody has given. */
export function missingOption({ options }: GoalCard, goal: Goal): SchemaField | null {
  return fieldsOf(options).find(({ key, required }) => required && goal[key] == null) ?? null;
}

/** The option that a single picture may be dropped on: a file that the goal waits for. */
export function awaitedFile(card: GoalCard, goal: Goal): string | null {
  return card.paths.find((option) => goal[option] == null) ?? null;
}

/** Whether an attack can lead to a goal. */
export function leadsTo(attack: AttackCard, goal: GoalCard): boolean {
  return goal.on === 'output' ? goal.byProducts || !attack.needsOutput : !goal.targeted || attack.targeted;
}
