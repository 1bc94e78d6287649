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

/** The same of what was dropped, which may lie as deep as uploads are taken. */
export const isDroppedName = (name: string): boolean => isInnerPath(name, 16);

/** An id that becomes part of the name of a file. */
export const FileName = z.string().refine(isFileName, 'this is no name that a file can have');
/** A file of a drop, relative to what was dropped. */
export const DroppedName = z.string().refine(isDroppedName, 'this does not name a file of a drop');
/** A file of an audit, relative to its folder. */
export const InnerPath = z.string().refine((path) => isInnerPath(path), 'this does not name a file inside the audit’s folder');
