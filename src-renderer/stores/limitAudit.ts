import { NORMS } from '../../shared/norms.ts';
import { fitsMask, onSubsets } from '../logic/subsets.ts';
import { S } from '../strings.ts';
import { useApp } from './app.ts';
import { useImages } from './images.ts';
import { useRegion } from './region.ts';
import { useThreat } from './threat.ts';

/** Lets the audit change nothing but these pixels (indices, row by row), and shows how: norms without an attack on subsets are left out. */
export function limitAuditTo({ width, height, pixels }: { width: number; height: number; pixels: readonly number[] }): void {
  const mask = new Array<number>(width * height).fill(0);
  for (const pixel of pixels) mask[pixel] = 1;
  const region = useRegion();
  region.area = 1;
  region.change({ partition: 'mask', mask, width, height, areaPixels: 'by-norm' });
  const threat = useThreat();
  const able = NORMS.filter((norm) => threat.attacksFor(norm).some((attack) => onSubsets(attack) && threat.usable(attack)));
  const kept = able.filter((norm) => threat.norms[norm].on);
  for (const norm of NORMS) {
    threat.norms[norm].on = (kept.length > 0 ? kept : able).includes(norm);
    threat.norms[norm].chosen = Object.fromEntries(threat.attacksFor(norm).map((attack) => [attack.id, onSubsets(attack)]));
  }
  region.place = Math.max(
    0,
    useImages().images.findIndex((one) => fitsMask(region.cut, one)),
  );
  threat.tab = 'subsets';
  const app = useApp();
  app.step = 'threat';
  app.tell(S.region.limited(pixels.length, width * height));
}
