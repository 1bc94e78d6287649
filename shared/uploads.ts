import { z } from 'zod';

/*
 * What only the browser host can be asked, beside the calls of the contract: a browser gives no paths, so what is dropped into
 * its window is copied, and somebody has to say when a copy is needed no more.
 */

/** Name of the call. */
export const UPLOADS = 'uploads';

export const UploadsRequest = z.strictObject({
  /** All that this window needs from now on: paths of uploads, or names of batches that are on their way. */
  keep: z.array(z.string()),
  /** Also removes at once what a window that is gone has left. */
  discard: z.boolean().default(false),
});
export type UploadsRequest = z.input<typeof UploadsRequest>;

/** Bytes of the uploads, by whom they belong to; an audit's may be the set-up's as well. */
export const Uploads = z.object({
  all: z.number().int(),
  /** What this window needs. */
  setup: z.number().int(),
  /** What audits name. */
  audits: z.number().int(),
  /** What nobody needs: an upload that could not be used, or of a window that is gone. */
  loose: z.number().int(),
});
export type Uploads = z.infer<typeof Uploads>;
