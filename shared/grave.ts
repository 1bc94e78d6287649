/*
 * Warnings without which a figure says something else than it seems to: they are shown in red. Results hold warnings as sentences, so
 * that is how these are known, in older results as well; tests hold them against what writes them.
 */
const GRAVE = [
  /^The first [\d,]+ of [\d,]+ images are of [\d,]+ of [\d,]+ classes only,/,
  /^The model is right on [\d,]+ of [\d,]+ clean images, no better than /,
  /^The preprocessing or the labels look wrong: /,
];

/** Whether a warning is to be shown in red. */
export function isGrave(warning: string): boolean {
  return GRAVE.some((start) => start.test(warning));
}
