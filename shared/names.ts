import { z } from 'zod';

/** Names that Windows gives to devices, whatever comes after a dot. */
const DEVICE = /^(con|prn|aux|nul|com[\d¹²³]|lpt[\d¹²³]|conin\$|conout\$) *(\.|$)/i;
/** What separates folders, drives or streams somewhere, and characters that no name of ours has. */
const ODD = /[<>:"/\\|?*]|\p{C}|\p{Zl}|\p{Zp}/u;
/** Bytes that a file system takes as one name, less what is put after it (`.png.part`). */
const LONGEST = 240;

/** Whether a text is the name of a file or folder, and nothing but that, on every system: no way out of the folder it is in. */
export function isFileName(name: string): boolean {
  return name !== '' && !/[. ]$/.test(name) && !ODD.test(name) && !DEVICE.test(name) && new TextEncoder().encode(name).length <= LONGEST;
}

/** Whether a text names a file below a folder: such names with `/` between them, at most eight deep. */
export function isInnerPath(path: string, deepest = 8): boolean {
  const parts = path.split('/');
  return parts.length <= deepest && parts.every(isFileName);
}

/** What leads out of a folder, to a drive or into a stream of a file on some system, and what a terminal or a file system takes for an order. */
const LEADS_AWAY = /[<>:"/\\|?*\u0000-\u001f\u007f]/;
/** Characters that a file system takes as one name, counted as those do that take the most. */
const LONGEST_DROPPED = 255;
/** Folders and the file in them, as deep as uploads are taken. */
const DEEPEST_DROPPED = 16;

/**
 * Whether a text names a file of a drop. People call their files as they like, so nothing is asked but that it stays in its folder:
 * whatever is taken as an upload (`safeSegments`) can be named here, or a plan would not know of a file that its audit saw.
 */
export function isDroppedName(name: string): boolean {
  const parts = name.split('/');
  return (
    parts.length <= DEEPEST_DROPPED &&
    parts.every(
      (part) => part !== '' && part.length <= LONGEST_DROPPED && !/[. ]$/.test(part) && !LEADS_AWAY.test(part) && !DEVICE.test(part),
    )
  );
}

/** An id that becomes part of the name of a file. */
export const FileName = z.string().refine(isFileName, 'this is no name that a file can have');
/** A file of a drop, relative to what was dropped. */
export const DroppedName = z.string().refine(isDroppedName, 'this does not name a file of a drop');
/** A file of an audit, relative to its folder. */
export const InnerPath = z.string().refine((path) => isInnerPath(path), 'this does not name a file inside the audit’s folder');
