import { expect, test } from 'vitest';
import {
  budgetWords,
  bytes,
  classLabel,
  count,
  dateTime,
  distanceWords,
  duration,
  formatBudget,
  formatDistance,
  formatEps,
  formatEpsLong,
  interval,
  over255,
  percent,
  probability,
  significant,
} from '../../shared/format.ts';

const plain = (text: string): string => text.replaceAll('\u00a0', ' ');

test('budgets and distances in the unit of their norm', () => {
  expect(formatEps('linf', 8 / 255)).toBe('8/255');
  expect(formatEps('linf', Math.fround(8 / 255))).toBe('8/255');
  expect(formatEps('linf', 0.03)).toBe('7.65/255');
  expect(formatEps('l2', 0.5)).toBe('0.5');
  expect(formatEps('l0', 1000)).toBe('1,000');
  expect(formatDistance('l2', null)).toBe('–');
  expect(formatDistance('l0', 6.5)).toBe('6.5');
  expect(formatEpsLong('linf', 8 / 255)).toBe('8/255 = 0.03137');
  expect(formatEpsLong('l2', 0.5)).toBe('0.5 = 127.5/255');
  expect(formatEpsLong('l0', 1)).toBe('1 value');
  expect(formatBudget('linf', 8 / 255)).toBe('ℓ∞ ≤ 8/255');
  expect(over255(1)).toBe('255/255');
});

test('shares never round to all or nothing', () => {
  expect(plain(percent(0.42))).toBe('42.0 %');
  expect(plain(percent(0))).toBe('0.0 %');
  expect(plain(percent(1))).toBe('100.0 %');
  expect(plain(percent(0.99999))).toBe('99.9 %');
  expect(plain(percent(0.00001))).toBe('0.1 %');
  expect(plain(interval({ low: 0.354, high: 0.489 }))).toBe('35.4–48.9 %');
  expect([probability(0.99999), probability(1), probability(0.00001), probability(0.5)]).toEqual([
    '>0.9999',
    '1.0000',
    '<0.0001',
    '0.5000',
  ]);
});

test('plain numbers', () => {
  expect([count(0), count(999), count(1000), count(11173962)]).toEqual(['0', '999', '1,000', '11,173,962']);
  expect([
    significant(0.123456),
    significant(1),
    significant(1234.56),
    significant(98765.4),
    significant(3.1e-7, 2),
    significant(0),
  ]).toEqual(['0.1235', '1', '1235', '98765', '3.1e-7', '0']);
  expect([bytes(0), bytes(999), bytes(1000), bytes(44_779_012), bytes(999_999)].map(plain)).toEqual([
    '0 B',
    '999 B',
    '1 kB',
    '44.8 MB',
    '1 MB',
  ]);
  expect([duration(0.84), duration(59.7), duration(72), duration(7500)].map(plain)).toEqual(['0.84 s', '60 s', '1 min 12 s', '2 h 5 min']);
});

test('words', () => {
  expect(budgetWords('l0', 1)).toBe('With at most 1 pixel value changed');
  expect(budgetWords('linf', 8 / 255)).toBe('With changes of at most 8/255 in any pixel value');
  expect(distanceWords('l2', 0.25)).toBe('a Euclidean length of 0.25');
  expect(classLabel(['cat', ' ', '2'], 0)).toBe('0 cat');
  expect([classLabel(['cat', ' ', '2'], 1), classLabel(['cat', ' ', '2'], 2), classLabel(null, 7)]).toEqual(['1', '2', '7']);
  expect(dateTime('2026-03-01T14:05:09.123Z')).toBe('2026-03-01 14:05 UTC');
  expect(dateTime('2026-03-01T01:05:09+02:00')).toBe('2026-02-28 23:05 UTC');
  expect(dateTime('soon')).toBe('soon');
});
