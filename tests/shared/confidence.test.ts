import { expect, it } from 'vitest';
import { claimsOf, claimsText, CONFIDENCE, confidenceOf, pageState } from '../../shared/confidence.ts';
import type { CheckResult, CheckState, Checks, Results } from '../../shared/results.ts';
import { STATES_AT } from '../../shared/states.ts';
import { figuresAudit } from '../figures/audit.ts';

const page = (states: Partial<Record<string, CheckState>>, threat = 0, reason?: string): Checks => ({
  threat,
  norm: 'linf',
  budgets: [8 / 255],
  checks: Object.entries(states).map(([id, state]): CheckResult => ({ id, state: state!, figures: {} })),
  measures: [{ image: 'a', runs: {}, values: {}, ...(reason !== undefined && { reason }) }],
});
const CLEAN = page({ unbounded: 'passed', noise: 'passed', softmax: 'not-applicable' });
const MARKED = page({ unbounded: 'passed', noise: 'failed' });

it('calls firm what was checked again, and tentative where nothing was found', () => {
  const told = STATES_AT.map((state) => [state, confidenceOf(state)]);
  expect(told).toEqual([
    ['wrong-already', null],
    ['broken', 'firm'],
    ['beyond', 'tentative'],
    ['held', 'tentative'],
    ['failed', null],
    ['unfinished', null],
    ['target-already', null],
  ]);
  expect(STATES_AT.map((state) => confidenceOf(state, true)).filter((level) => level !== null)).toEqual(Array(3).fill('certain'));
});

it('minds every mark on the page, whatever its threat model, and takes no page for a clean one that says nothing of it', () => {
  const of = (checks: Checks | undefined, threat = 0) => pageState(checks ? { checks } : {}, threat);
  expect(of(CLEAN)).toBe('clean');
  expect(of(CLEAN, 1)).toBe('elsewhere');
  for (const threat of [0, 1]) expect(of(MARKED, threat)).toBe('marked');
  for (const { id } of CLEAN.checks)
    expect(of({ ...CLEAN, checks: CLEAN.checks.map((check) => (check.id === id ? { ...check, state: 'failed' } : check)) })).toBe('marked');
  expect(of(undefined)).toBe('none');
  expect(of(page({ unbounded: 'not-applicable' }))).toBe('silent');
  // Operators were looked at, and no image.
  expect(of({ ...CLEAN, measures: [] })).toBe('silent');
  expect(of(page({ 'straight-through': 'passed' }, 0, 'the model gave NaN'))).toBe('silent');
});

it('tells both kinds of an audit at a budget, with the page beside what was not found', async () => {
  const { results } = await figuresAudit();
  const text = (more: Partial<Results>, level = 8, threat = 0, language: 'en' | 'de' = 'en') => {
    const claims = claimsOf({ ...results, ...more }, threat, level / 255);
    return claims && claimsText(claims, language);
  };
  expect(text({})).toBe('3 broken: firm; 5 held and 4 broken only beyond: tentative, page of checks not made');
  expect(text({}, 4)).toBe('1 broken: firm; 5 held and 6 broken only beyond: tentative, page of checks not made');
  expect(text({}, 12)).toBe('7 broken: firm; 5 held: tentative, page of checks not made');
  expect(text({ checks: CLEAN })).toMatch(/tentative, page of checks clean$/);
  expect(text({ checks: MARKED })).toMatch(/^3 broken: firm; .*tentative, page of checks not clean$/);
  expect(text({ checks: CLEAN }, 255, 1)).toBe('18 held: tentative, page of checks clean, but of another threat model');
  expect(text({ checks: MARKED }, 8, 0, 'de')).toBe(
    '3 gebrochen: belegt; 5 hielten stand und 4 erst jenseits gebrochen: vorläufig, Seite der Prüfungen mit Befund',
  );
  // Where every image holds by construction nothing was found out.
  expect(text({}, 0.5)).toBeNull();
  expect(text({ images: [] })).toBeNull();
});

it('says that successes may be alarms where the page says so, whatever its threat model', async () => {
  const { results } = await figuresAudit();
  const of = (checks: Checks) => claimsText(claimsOf({ ...results, checks }, 0, 8 / 255)!, 'en');
  for (const threat of [0, 1])
    expect(of(page({ 'unseen-class': 'failed' }, threat))).toMatch(
      /^3 broken: firm, but perhaps alarms, see the page of checks; 5 held .* not clean$/,
    );
  expect(of(page({ 'unseen-class': 'passed', noise: 'failed' }))).toMatch(/^3 broken: firm; .* not clean$/);
});

it('has words of its own for everything, in both languages', () => {
  for (const part of ['levels', 'states', 'pages'] as const) {
    const [en, de] = [CONFIDENCE.en[part], CONFIDENCE.de[part]] as [Record<string, string>, Record<string, string>];
    for (const words of [en, de]) expect(new Set(Object.values(words)).size).toBe(Object.keys(words).length);
    for (const key of Object.keys(en)) expect(de[key], key).not.toBe(en[key]);
  }
});
