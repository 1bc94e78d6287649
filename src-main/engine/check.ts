import type { z } from 'zod';
import { CALLS } from '../../shared/contract.ts';
import type { CallIn, CallName, CallOut } from '../../shared/contract.ts';
import { UserError } from '../../shared/errors.ts';

/**
 * What a call is given, with defaults filled in.
 * @throws UserError with one sentence naming the first value that is wrong.
 */
export function checkInput<N extends CallName>(name: N, input: unknown): CallIn<N> {
  const checked = CALLS[name].in.safeParse(input);
  if (!checked.success) throw new UserError(`The call "${name}" was given something wrong: ${firstProblem(checked.error)}.`);
  return checked.data as CallIn<N>;
}

/**
 * What a call gave back.
 * @throws Error when it breaks the contract: a fault of the program, not of the user.
 */
export function checkOutput<N extends CallName>(name: N, output: unknown): CallOut<N> {
  const checked = CALLS[name].out.safeParse(output);
  if (!checked.success) throw new Error(`The engine answered "${name}" wrongly: ${firstProblem(checked.error)}.`);
  return checked.data as CallOut<N>;
}

/** The first issue as `where: what`, on one line. */
export function firstProblem(error: z.ZodError): string {
  const issue = error.issues[0]!;
  const where = issue.path.map(String).join('.');
  const what = issue.message.replace(/\s+/g, ' ').replace(/\.$/, '');
  return where ? `${where}: ${what}` : what;
}
