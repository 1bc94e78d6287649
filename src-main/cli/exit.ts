/** Exit codes of `hairline`, part of its interface. */
export const EXIT = { done: 0, findings: 1, badInput: 2, engine: 3, cancelled: 130 } as const;

/** Ends a command with a code without an error of its own: what is to be said has been said. */
export class Exit extends Error {
  readonly code: number;
  constructor(code: number) {
    super(`exit ${code}`);
    this.code = code;
  }
}
