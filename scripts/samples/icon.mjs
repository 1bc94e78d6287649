// Renders assets/icon.svg to assets/icon.png (1024 x 1024), from which electron-builder makes .ico and .icns.
// `node scripts/samples/icon.mjs [FOLDER]` also writes small sizes to FOLDER, to look at.
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import sharp from 'sharp';

const assets = fileURLToPath(new URL('../../assets/', import.meta.url));

/** @type {(size: number, file: string) => Promise<unknown>} */
const render = (size, file) => sharp(join(assets, 'icon.svg')).resize(size, size).png({ compressionLevel: 9 }).toFile(file);

await render(1024, join(assets, 'icon.png'));
const folder = process.argv[2];
if (folder) for (const size of [16, 32, 64, 256]) await render(size, join(folder, `icon-${size}.png`));
