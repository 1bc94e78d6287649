import { boundsText, formatBudget, percent } from '../../shared/format.ts';
import { isHollow } from '../../shared/reach.ts';
import type { Results } from '../../shared/results.ts';
import { atLeast } from '../../shared/stats.ts';

/**
 * Why robust accuracy is below a share, a sentence for each budget where it is; none where it holds. An image that an attack failed on
 * or was not through with counts as broken, and a budget that no 8-bit picture can use proves nothing.
 * @param failUnder null: nothing is demanded
 */
export function judge({ threats }: Pick<Results, 'threats'>, failUnder: number | null): string[] {
  if (failUnder === null) return [];
  const judged = threats.flatMap(({ norm, points }) =>
    points.filter(({ eps }) => !isHollow(norm, eps)).map((point) => ({ norm, point, share: atLeast(point) })),
  );
  if (judged.length === 0) return ['Below the share asked for: no budget reaches 1/255, so nothing was found out about this model.'];
  return judged
    .filter(({ share }) => share === null || share < failUnder)
    .map(({ norm, point, share }) => {
      const bounds = boundsText(point);
      const is = share === null ? 'no image was attacked to the end' : bounds === null ? `${percent(share)} hold` : bounds;
      return `Below ${percent(failUnder)} under ${formatBudget(norm, point.eps)}: ${is}.`;
    });
}
