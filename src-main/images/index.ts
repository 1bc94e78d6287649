export type { Picture } from './picture.ts';
export { fromUnit, pictureHash, toUnit } from './picture.ts';
export { decodeFile, decodeImage } from './decode.ts';
export { encodePng } from './encode.ts';
export { encodeNpy } from './encodeNpy.ts';
export { encodeSheet } from './sheet.ts';
export { imageVersions, loadSharp } from './sharp.ts';
export type { ImageRef, ImageSet, OpenRequest } from './open.ts';
export { openImages, openLabels } from './open.ts';
