import type { ActionId } from '../../shared/actions.ts';

/** When an action is possible, and what it does. */
export interface ActionHandler {
  /** Absent: always. Reads stores, so a template that asks follows them. */
  enabled?: () => boolean;
  run(): unknown;
}

type GroupOf<Id extends string> = Id extends `${infer Group}.${string}` ? Group : never;

/** A handler for every action whose id begins with one of these words, `map` for `map.save`. */
export type Handlers<Group extends GroupOf<ActionId>> = Record<Extract<ActionId, `${Group}.${string}`>, ActionHandler>;
