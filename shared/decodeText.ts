import { UserError } from './errors.ts';

/** The text of a file: UTF-8, or UTF-16 where it begins with that mark of it, as Excel's Unicode text and PowerShell's output do. Without the mark. */
export function decodeText(bytes: Uint8Array): string {
  const [a, b] = bytes;
  const kind = a === 0xff && b === 0xfe ? 'utf-16le' : a === 0xfe && b === 0xff ? 'utf-16be' : 'utf-8';
  return new TextDecoder(kind).decode(bytes);
}

/** @throws UserError for the text of a file in another encoding, so that letters of its words are lost */
export function demandUtf8(text: string, path: string): void {
  if (text.includes('\ufffd')) throw new UserError(`${path} is not in UTF-8, so that letters in it are lost: save it as UTF-8.`);
}
