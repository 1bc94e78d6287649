import { describe, expect, it } from 'vitest';
import { AttackCard } from '../../shared/contract.ts';
import { attackCards, attackOf, optionsOf, register } from '../../src-main/attacks/registry.ts';

describe('the registry', () => {
  it('offers every attack as a valid card', () => {
    const cards = attackCards();
    // Whoever adds one tests it beside.
    expect(new Set(cards.map((card) => card.id)).size).toBe(cards.length);
    expect(cards.map((card) => card.id).slice(0, 14)).toEqual([
      'fgsm',
      'bim',
      'pgd',
      'ddn',
      'fmn',
      'sigma-zero',
      'gnm',
      'gnm-simple',
      'linear-minimum',
      'deepfool',
      'subset',
      'quadratic',
      'quadratic-subset',
      'random',
    ]);
    for (const card of cards) {
      expect(AttackCard.parse(card)).toEqual(card);
      const properties = card.options['properties'] as Record<string, { description?: string; default?: unknown }>;
      for (const option of Object.values(properties)) {
        expect(option.description).toMatch(/\.$/);
        expect(option).toHaveProperty('default');
      }
    }
  });
  it('refuses a second attack of the same name', () => {
    expect(() => register(attackOf('ddn'))).toThrow('Two attacks are called ddn.');
  });
  it('fills in defaults, and says in a sentence what does not fit', () => {
    expect(optionsOf('sigma-zero', { steps: 100 }, 'l0')).toMatchObject({
      steps: 100,
      eta0: 1,
      sigma: null,
      tau0: 0.3,
      t: 0.01,
      epsilonBudget: null,
    });
    expect(() => optionsOf('sigma-zero', { steps: 0 }, 'l0')).toThrow(/option steps of attack sigma-zero/);
    expect(() => optionsOf('ddn', { stepz: 5 }, 'l2')).toThrow(/options of attack ddn.*stepz/);
    expect(() => optionsOf('ddn', {}, 'l0')).toThrow(/no l0 form.*l2/);
    expect(() => optionsOf('zzz', {}, 'l0')).toThrow(/no attack called zzz.*sigma-zero/);
  });
});
