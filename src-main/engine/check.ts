import { CALLS } from '../../shared/contract.ts';
import type { CallIn, CallName, CallOut } from '../../shared/contract.ts';
import { UserError } from '../../shared/errors.ts';
import { issueText } from '../../shared/issues.ts';

/**
 * What a call is given, with defaults filled in.
 * @throws UserError with one sentence naming the first value that is wrong.
 */
export function checkInput<N extends CallName>(name: N, input: unknown): CallIn<N> {
  const checked = CALLS[name].in.safeParse(input);
  if (!checked.success) throw new UserError(`The call "${name}" was given something wrong: ${issueText(checked.error)}.`);
  return checked.data as CallIn<N>;
}

/**
 * What a call gave back.
 * @throws Error when it breaks the contract: a fault of the program, not of the user.
 */
export function checkOutput<N extends CallName>(name: N, output: unknown): CallOut<N> {
  const checked = CALLS[name].out.safeParse(output);
  if (!checked.success) throw new Error(`The engine answered "${name}" wrongly: ${issueText(checked.error)}.`);
  return checked.data as CallOut<N>;
}
