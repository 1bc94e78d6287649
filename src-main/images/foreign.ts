import { PICTURE_FORMATS, sniff } from './sniff.ts';

/** First bytes that `foreign` needs. */
export const FOREIGN_BYTES = 512;

const ascii = (bytes: Uint8Array, from: number, to: number): string => String.fromCharCode(...bytes.subarray(from, to));
const begins = (bytes: Uint8Array, ...magic: number[]): boolean => magic.every((byte, i) => bytes[i] === byte);

/** Formats of pictures that are not read, and kinds of file that often lie beside pictures. */
function nameOf(start: Uint8Array): string | null {
  const brand = ascii(start, 4, 8) === 'ftyp' ? ascii(start, 8, 12) : '';
  if (/^(hei[cxms]|hev[cxms])$/.test(brand)) return 'a HEIC picture';
  if (brand.startsWith('crx')) return 'a raw photograph';
  if (/^P[7Ff]\s/.test(ascii(start, 0, 3))) return 'a PAM or PFM (netpbm) picture';
  if (ascii(start, 0, 4) === '8BPS') return 'a Photoshop picture';
  if (begins(start, 0xff, 0x0a) || ascii(start, 4, 8) === 'JXL ') return 'a JPEG XL picture';
  if (ascii(start, 4, 8) === 'jP  ' || begins(start, 0xff, 0x4f, 0xff, 0x51)) return 'a JPEG 2000 picture';
  if (begins(start, 0x76, 0x2f, 0x31, 0x01)) return 'an OpenEXR picture';
  if (begins(start, 0, 0, 1, 0)) return 'an icon (ICO)';
  if (ascii(start, 128, 132) === 'DICM') return 'a DICOM picture';
  if (ascii(start, 0, 10) === '#?RADIANCE') return 'a Radiance HDR picture';
  if (/^\s*(<\?xml[^]*)?<svg[\s>]/i.test(ascii(start, 0, start.length))) return 'an SVG drawing';
  return null;
}

/** That a file is a picture of a format that is not read, as the end of a sentence about it; null where it is none of these. */
export function unread(start: Uint8Array): string | null {
  const name = nameOf(start);
  return name && `is ${name}, which is not read: save it as PNG or JPEG.`;
}

/** Of a file that holds pictures, but is none. */
export const DATA_SET = 'is no picture, but may be a data set: give that file itself.';

/** Why a file that is no picture is left out, as `refused` has it: what it is, as far as its first bytes tell. */
export function foreign(start: Uint8Array, size: number): string {
  if (size === 0) return 'is empty (0 bytes): copy it again or leave it out.';
  const known = unread(start);
  if (known !== null) return known;
  if (['idx', 'npy', 'gzip'].includes(sniff(start) ?? '')) return DATA_SET;
  return `is ${isText(start) ? 'text, ' : ''}not a picture (${PICTURE_FORMATS}).`;
}

/** UTF-8 without control characters, a character may be cut at the end; or what begins as UTF-16 does. */
export function isText(start: Uint8Array): boolean {
  if (begins(start, 0xff, 0xfe) || begins(start, 0xfe, 0xff)) return true;
  try {
    return !/[\u0000-\u0008\u000e-\u001a\u001c-\u001f]/.test(new TextDecoder('utf-8', { fatal: true }).decode(start, { stream: true }));
  } catch {
    return false;
  }
}
