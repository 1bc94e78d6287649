import { defineStore } from 'pinia';
import { shallowRef } from 'vue';
import { NORMS } from '../../shared/norms.ts';
import { FIRST_CUT, onSubsets, type Cut } from '../logic/subsets.ts';
import { S } from '../strings.ts';
import { useApp } from './app.ts';
import { useThreat } from './threat.ts';

/** Where and in which subsets a picture may be changed: one choice for every attack on subsets. */
export const useRegion = defineStore('region', () => {
  const cut = shallowRef<Cut>(FIRST_CUT);

  function change(part: Partial<Cut>): void {
    cut.value = { ...cut.value, ...part };
  }

  /** Lets the audit change nothing but these pixels (indices, row by row), and shows how: norms without an attack on subsets are left out. */
  function attackOnly({ width, height, pixels }: { width: number; height: number; pixels: readonly number[] }): void {
    const mask = new Array<number>(width * height).fill(0);
    for (const pixel of pixels) mask[pixel] = 1;
    change({ partition: 'mask', mask, width, height, areaPixels: 'by-norm' });
    const threat = useThreat();
    const able = NORMS.filter((norm) => threat.attacksFor(norm).some((attack) => onSubsets(attack) && threat.usable(attack)));
    const kept = able.filter((norm) => threat.norms[norm].on);
    for (const norm of NORMS) {
      threat.norms[norm].on = (kept.length > 0 ? kept : able).includes(norm);
      threat.norms[norm].chosen = Object.fromEntries(threat.attacksFor(norm).map((attack) => [attack.id, onSubsets(attack)]));
    }
    threat.tab = (kept[0] ?? able[0])!;
    const app = useApp();
    app.step = 'threat';
    app.tell(S.region.limited(pixels.length, width * height));
  }

  return { cut, change, attackOnly };
});
