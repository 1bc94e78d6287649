/** Requests of which each overtakes those before it: what an overtaken one brings is not shown. */
export interface Latest {
  /** Begins another request. @returns tells whether it is still the latest */
  begin(): () => boolean;
  /** For work that belongs to the request that was begun last, and is overtaken with it. */
  join(): () => boolean;
  /** Overtakes what is on its way, with nothing. */
  cancel(): void;
}

/** For what is asked again before it was answered. */
export function useLatest(): Latest {
  let latest = 0;
  const isStill = (mine: number) => () => mine === latest;
  return {
    begin: () => isStill(++latest),
    join: () => isStill(latest),
    cancel() {
      latest++;
    },
  };
}
