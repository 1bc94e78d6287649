/** A function that is called once nothing has asked for it for a while. */
export interface Debounced {
  /** Begins the wait anew. */
  (): void;
  /** Calls it no more, until it is asked for again. */
  cancel(): void;
}

/** For what is asked of the engine while a hand still types or drags. */
export function debounce(ms: number, act: () => unknown): Debounced {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const cancel = (): void => clearTimeout(timer);
  const debounced = (): void => {
    cancel();
    timer = setTimeout(act, ms);
  };
  return Object.assign(debounced, { cancel });
}
