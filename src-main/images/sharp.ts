import { constants } from 'node:os';
import type Sharp from 'sharp';

let loading: Promise<typeof Sharp> | null = null;

/**
 * sharp, loaded on first use. The only import of it in the program.
 *
 * Electron on Linux links the system's GLib while sharp brings its own; symbols of the one then answer calls of the
 * other, which crashes (lovell/sharp#4522). RTLD_DEEPBIND makes sharp's libraries prefer their own symbols. It
 * exists on glibc only, and costs nothing in plain Node, so it is always used where there is one.
 *
 * The same bytes must always decode to the same pixels: no cache, one thread per operation.
 */
export function loadSharp(): Promise<typeof Sharp> {
  return (loading ??= importSharp());
}

async function importSharp(): Promise<typeof Sharp> {
  const restore = bindDeeply();
  try {
    const { default: sharp } = await import('sharp');
    sharp.cache(false);
    sharp.concurrency(1);
    // Only the decoders of the kinds that `sniff` knows: no SVG, PDF or anything else that a libvips may bring.
    sharp.block({ operation: ['VipsForeignLoad'] });
    sharp.unblock({ operation: ['Jpeg', 'Png', 'Webp', 'Nsgif', 'Tiff', 'Heif'].map((kind) => `VipsForeignLoad${kind}`) });
    return sharp;
  } finally {
    restore();
  }
}

/** Makes `process.dlopen` add RTLD_DEEPBIND for sharp's own libraries; gives back a function that ends it. */
function bindDeeply(): () => void {
  const deep = (constants.dlopen as Record<string, number>)['RTLD_DEEPBIND'];
  if (process.platform !== 'linux' || deep === undefined) return () => {};
  const original = process.dlopen;
  const patched = (module: object, file: string, flags: number = constants.dlopen.RTLD_LAZY) =>
    original.call(process, module, file, /sharp-[^/\\]*\.node$/.test(file) ? flags | deep : flags);
  process.dlopen = patched as typeof process.dlopen;
  return () => {
    if (process.dlopen === patched) process.dlopen = original;
  };
}

/** Versions of sharp and of the decoders in it, for the record: another version may decode a JPEG one level apart. */
export async function imageVersions(): Promise<Record<string, string>> {
  const versions: Record<string, string | undefined> = { ...(await loadSharp()).versions };
  const wanted = ['sharp', 'vips', 'mozjpeg', 'png', 'webp'];
  return Object.fromEntries(wanted.flatMap((name) => (versions[name] ? [[name, versions[name]]] : [])));
}
