import type { CheckResult, Checks } from '../../../shared/results.ts';
import { checkText } from '../../../shared/checkWords.ts';
import { wordsOf } from '../../checks/registry.ts';
import { checkedWords, trustWords } from '../checkWords.ts';
import type { Paper } from '../paper.ts';
import { bold } from '../rich.ts';
import { table } from '../table.ts';
import { COLOR, SIZE } from '../theme.ts';

const STATE: Record<CheckResult['state'], string> = { passed: 'passed', failed: 'FAILED', 'not-applicable': '–' };

/** "Can I trust this?": the usual signs of a broken attack, each with its figure. */
export function checks(paper: Paper, found: Checks): void {
  paper.heading(1, 'Can I trust this?', 120);
  paper.text(
    'An attack that fails proves nothing if it fails for a reason of its own. These checks look for the usual signs of that; ' +
      `none of them can show that no better attack exists. ${checkedWords(found)}`,
    { after: 5 },
  );
  paper.text([bold(trustWords(found))], {
    color: found.checks.some(({ state }) => state === 'failed') ? COLOR.broken : COLOR.ink,
    after: 8,
  });
  table(
    paper,
    [{ title: 'Check', points: 150 }, { title: 'Result', points: 46 }, { title: 'What was found' }],
    found.checks.map((check) => {
      const words = wordsOf(check.id);
      return { cells: [words.title, check.state === 'failed' ? [bold(STATE.failed)] : STATE[check.state], checkText(words, check)] };
    }),
    { after: 6 },
  );
  paper.text(
    'Where two attacks are compared on few images, a difference counts only where McNemar’s exact test gives p < .01. These runs end with a point in floating point: they ask whether the search works, not whether a picture can be exported.',
    { size: SIZE.small, color: COLOR.soft, after: 0 },
  );
}
