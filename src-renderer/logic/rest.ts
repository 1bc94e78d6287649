/** Waits until nothing has stirred for so many ms, then does something, once. */
export interface Rest {
  /** Something stirred: the wait begins anew. */
  begin(): void;
  stop(): void;
}

/** For what is asked of the engine while a hand still types or drags. */
export function atRest(ms: number, act: () => unknown): Rest {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const stop = (): void => clearTimeout(timer);
  return {
    begin() {
      stop();
      timer = setTimeout(act, ms);
    },
    stop,
  };
}
