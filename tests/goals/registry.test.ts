import { describe, expect, it } from 'vitest';
import { UserError } from '../../shared/errors.ts';
import { CALLS } from '../../shared/contract.ts';
import { checkGoal, goalCards, goalKinds, goalPaths, goalText, goalVerdict, outputAim, withGoalPaths } from '../../src-main/goals/index.ts';

const plain = (text: string | null): string | undefined => text?.replaceAll('\u00a0', ' ');
const deviation = { kind: 'deviation', psnr: 12.5, reference: 'input' };
const match = { kind: 'match', psnr: 30, picture: 'p.png' };

describe('the registry of goals', () => {
  it('shows every goal with the schema of its options and its words in both languages', () => {
    const cards = CALLS.goals.out.parse(goalCards());
    // Whoever adds one tests it beside; the first of those on classes is what is meant where nobody says anything.
    expect(cards.slice(0, 4).map(({ kind, on, targeted, byProducts }) => [kind, on, targeted, byProducts])).toEqual([
      ['untargeted', 'classes', false, false],
      ['targeted', 'classes', true, false],
      ['deviation', 'output', false, true],
      ['match', 'output', false, false],
    ]);
    expect(new Set(cards.map(({ kind }) => kind)).size).toBe(cards.length);
    const properties = Object.fromEntries(cards.map((card) => [card.kind, Object.keys(card.options['properties'] ?? {})]));
    expect(properties).toMatchObject({
      untargeted: [],
      targeted: ['target'],
      deviation: ['reference', 'psnr', 'peak'],
      match: ['picture', 'psnr', 'peak'],
    });
    // Whoever sets an option reads what it is.
    for (const { options } of goalKinds())
      for (const [name, option] of Object.entries(options.shape)) expect(option.description, name).toMatch(/\.$/);
  });

  it('fills in defaults, and refuses what it does not know', () => {
    expect(checkGoal({ kind: 'deviation', psnr: 20 })).toEqual({ kind: 'deviation', psnr: 20, peak: 1, reference: 'clean-output' });
    expect(() => checkGoal({ kind: 'blur' })).toThrow(UserError);
    expect(() => checkGoal({ kind: 'blur' })).toThrow('There is no goal called blur: choose one of untargeted, targeted, deviation, match');
    expect(() => checkGoal({ kind: 'untargeted', psnr: 3 })).toThrow(/the goal untargeted: .*"psnr"/);
    expect(() => checkGoal({ kind: 'targeted', target: -1 })).toThrow(/option target of the goal targeted/);
    expect(() => checkGoal({ kind: 'match', psnr: 3 })).toThrow(/option picture of the goal match: this is missing/);
  });

  it('knows which options are paths', () => {
    expect([deviation, match].map(goalPaths)).toEqual([[], ['p.png']]);
    expect(withGoalPaths(match, (path) => `/there/${path}`)).toEqual({ ...match, picture: '/there/p.png' });
    expect(withGoalPaths(deviation, () => 'elsewhere')).toEqual(deviation);
  });

  it('says what each is, in English and in German', () => {
    expect(goalText({ kind: 'targeted', target: [1, 2] }, 'name')).toBe('targeted (one given class per image)');
    expect(goalText({ kind: 'targeted', target: 3 }, 'name', 'de')).toBe('gezielt (Klasse 3)');
    expect(goalText({ kind: 'untargeted' }, 'broken')).toBeNull();
    expect(plain(goalText(deviation, 'name'))).toBe('output deviation (below 12.5 dB from the image itself)');
    expect(plain(goalText(deviation, 'broken'))).toBe('output below 12.5 dB from the image itself');
    expect(plain(goalText(deviation, 'broken', 'de'))).toBe('Ausgabe unter 12.5 dB gegenüber dem Bild selbst');
    expect(goalText(deviation, 'reference')).toBe('the image itself');
    expect(plain(goalText(match, 'broken'))).toBe('output at 30 dB or more to what another picture gives');
  });

  it('says what a share of the images does', () => {
    const said = (goal: Parameters<typeof goalVerdict>[0], labelled = true) => {
      const { lead, subject, rest } = goalVerdict(goal, labelled);
      return plain(`At ε${lead}${subject('40 %')}${rest}`);
    };
    expect(said({ kind: 'untargeted' })).toBe('At ε the model keeps 40 % of the images right');
    expect(said({ kind: 'untargeted' }, false)).toBe('At ε the model keeps 40 % of its predictions');
    expect(said({ kind: 'targeted', target: 3 })).toBe(
      'At ε 40 % of the images, right when clean, could not be turned into their target class',
    );
    expect(said(deviation)).toBe('At ε the output for 40 % of the images stays within 12.5 dB of the image itself');
    expect(said(match)).toBe('At ε, 40 % of the images could not be made to give an output within 30 dB of the one to be matched');
  });

  it('is reached below the threshold, or from it on', () => {
    expect([12.4, 12.5, null].map((psnr) => outputAim(deviation).reached({ psnr }))).toEqual([true, false, false]);
    expect([29.9, 30, null].map((psnr) => outputAim(match).reached({ psnr }))).toEqual([false, true, true]);
    // Where the network gives no numbers, nothing is reached.
    expect([deviation, match].map((goal) => outputAim(goal).reached({}))).toEqual([false, false]);
  });
});
