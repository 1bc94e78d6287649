import type { VulnerabilityMap } from '../../shared/contract.ts';
import { classLabel } from '../../shared/format.ts';
import { S } from '../strings.ts';

/**
 * What the values of a map are; null while there is none, for only the map says whether it is of a class or of an output.
 * @param chance whether the first order of an output held against itself is shown, which is nothing but chance
 */
export function mapUnit(drawn: Pick<VulnerabilityMap, 'label'> | null, chance: boolean, names: readonly string[] | null): string | null {
  if (drawn === null) return null;
  const { units } = S.map;
  if (drawn.label !== null) return units.classes(classLabel(names, drawn.label));
  return chance ? units.chance : units.output;
}
