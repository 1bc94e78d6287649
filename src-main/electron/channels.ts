import type { CallError } from '../../shared/contract.ts';

/** Channels between the preload script and main. The page itself sees none of them. */
export const CHANNELS = {
  /** A call of the contract: name and input; gives a Reply. */
  call: 'hairline:call',
  /** Lets the user keep an exported document: its file; gives a Reply. */
  save: 'hairline:save',
  /** The page can take opened files now; gives those that waited. */
  opened: 'hairline:opened',
  /** To the page: a RunEvent. */
  event: 'hairline:event',
  /** To the page: paths of files the user opened Hairline with. */
  open: 'hairline:open',
  /** To the page: an action chosen in the menu. */
  action: 'hairline:action',
  /** The page's language, for the menu around it; gives a Reply. */
  language: 'hairline:language',
} as const;

/** An error keeps its message only when it is a value: Electron puts words of its own before a thrown one. */
export type Reply = { ok: true; value: unknown } | { ok: false; error: CallError };
