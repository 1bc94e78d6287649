/** For a flag that may stand several times: all of its values, in order. */
export const repeatable = (value: string, before: string[] = []): string[] => [...before, value];
