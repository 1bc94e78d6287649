import type Sharp from 'sharp';

let loading: Promise<typeof Sharp> | null = null;

/**
 * sharp, loaded on first use. The only import of it in the program, and never in Electron's own process: Electron on Linux
 * links the system's GLib while sharp brings its own, and symbols of the one then answer calls of the other
 * (lovell/sharp#4522). The engine is a plain Node everywhere.
 *
 * The same bytes must always decode to the same pixels: no cache, one thread per operation.
 */
export function loadSharp(): Promise<typeof Sharp> {
  return (loading ??= import('sharp').then(({ default: sharp }) => {
    sharp.cache(false);
    sharp.concurrency(1);
    // Only the decoders of the kinds that `sniff` knows: no SVG, PDF or anything else that a libvips may bring.
    sharp.block({ operation: ['VipsForeignLoad'] });
    sharp.unblock({ operation: ['Jpeg', 'Png', 'Webp', 'Nsgif', 'Tiff', 'Heif'].map((kind) => `VipsForeignLoad${kind}`) });
    return sharp;
  }));
}

/** Versions of sharp and of the decoders in it, for the record: another version may decode a JPEG one level apart. */
export async function imageVersions(): Promise<Record<string, string>> {
  const versions: Record<string, string | undefined> = { ...(await loadSharp()).versions };
  const wanted = ['sharp', 'vips', 'mozjpeg', 'png', 'webp'];
  return Object.fromEntries(wanted.flatMap((name) => (versions[name] ? [[name, versions[name]]] : [])));
}
