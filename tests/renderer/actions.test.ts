import { createPinia, setActivePinia } from 'pinia';
import { beforeEach, describe, expect, it, vi } from 'vitest';
import { accelerator, ACTION_GROUPS, ACTIONS, type ActionId } from '../../shared/actions.ts';
import type { CallOut } from '../../shared/contract.ts';
import { ariaKeys, capsOf, isSingle, keysText, matches, type Pressed } from '../../src-renderer/actions/keys.ts';
import { match } from '../../src-renderer/logic/match.ts';

const asked: string[] = [];
const host = {
  call: async (name: string): Promise<unknown> => {
    asked.push(name);
    return {};
  },
};
vi.stubGlobal('window', { hairline: host, matchMedia: () => ({ matches: false, addEventListener: () => undefined }) });
vi.stubGlobal('document', { documentElement: { dataset: {} } });

const { canDo, isAction, perform } = await import('../../src-renderer/actions/index.ts');
const { useApp } = await import('../../src-renderer/stores/app.ts');
const { useRun } = await import('../../src-renderer/stores/run.ts');

beforeEach(() => setActivePinia(createPinia()));

const press = (key: string, more: Partial<Pressed> = {}): Pressed => ({
  key,
  code: '',
  ctrlKey: false,
  metaKey: false,
  shiftKey: false,
  altKey: false,
  ...more,
});

describe('shortcuts', () => {
  it('are Ctrl here and Cmd on a Mac, and nothing with Alt', () => {
    expect(matches('Mod+K', press('k', { ctrlKey: true }), false)).toBe(true);
    expect(matches('Mod+K', press('k', { metaKey: true }), true)).toBe(true);
    for (const wrong of [
      press('k'),
      press('k', { metaKey: true }),
      press('k', { ctrlKey: true, altKey: true }),
      press('K', { ctrlKey: true, shiftKey: true }),
    ]) {
      expect(matches('Mod+K', wrong, false)).toBe(false);
    }
    expect(matches('Mod+Shift+I', press('I', { ctrlKey: true, shiftKey: true }), false)).toBe(true);
  });

  it('find digits by place and signs by sign, whatever the keyboard', () => {
    expect(matches('Mod+1', press('&', { code: 'Digit1', ctrlKey: true }), false)).toBe(true);
    expect(matches('?', press('?', { shiftKey: true }), false)).toBe(true);
    expect(matches('?', press('?'), false)).toBe(true);
    expect(matches('+', press('+', { shiftKey: true }), false)).toBe(true);
    expect(matches('g', press('G', { shiftKey: true }), false)).toBe(false);
  });

  it('are written as people know them', () => {
    expect([keysText('Mod+Shift+I', false), keysText('Mod+Shift+I', true), capsOf('+', false), capsOf('ArrowLeft', false)]).toEqual([
      'Ctrl+Shift+I',
      '⌘⇧I',
      ['+'],
      ['←'],
    ]);
    expect(ariaKeys('Mod+K', false)).toBe('Control+K');
    expect(['?', 'g', 'Escape', 'Mod+K'].map(isSingle)).toEqual([true, true, false, false]);
    // Electron would take a bare letter away from every text field.
    expect([accelerator('Mod+Shift+I'), accelerator('g'), accelerator(null)]).toEqual(['CmdOrCtrl+Shift+I', null, null]);
  });
});

describe('the list of actions', () => {
  it('names each once, and says a key twice only where one of the two is possible at a time', () => {
    expect(new Set(ACTIONS.map(({ id }) => id)).size).toBe(ACTIONS.length);
    const shared = ACTIONS.filter(
      (one) => one.shortcut !== null && ACTIONS.some((other) => other !== one && other.shortcut === one.shortcut),
    ).map(({ id }) => id);
    expect(shared).toEqual(['run.pause', 'run.resume']);
    useRun().status = { audit: 'a', name: '', state: 'running', done: 0, total: 1, eta: null, message: '', folder: '' };
    expect(shared.filter((id) => canDo(id))).toEqual(['run.pause']);
    useRun().status = { ...useRun().status!, state: 'paused' };
    expect(shared.filter((id) => canDo(id))).toEqual(['run.resume']);
  });

  it('is plain data, in the order of its groups', () => {
    expect(JSON.parse(JSON.stringify(ACTIONS))).toEqual(ACTIONS);
    const order = Object.keys(ACTION_GROUPS);
    const groups = ACTIONS.map(({ group }) => order.indexOf(group));
    expect(groups).toEqual(groups.toSorted((a, b) => a - b));
    expect([isAction('go.run'), isAction('toString')]).toEqual([true, false]);
  });

  it('does nothing that is not possible, and what is', async () => {
    const app = useApp();
    app.about = { hairline: '0', host: 'test', providers: ['cpu'] } as CallOut<'about'>;
    for (const id of ['run.start', 'run.pause', 'run.cancel', 'export.pdf', 'image.next', 'model.check', 'results.table'] as ActionId[]) {
      expect(canDo(id), id).toBe(false);
      await perform(id);
    }
    expect([asked, app.step]).toEqual([[], 'model']);
    await perform('go.threat');
    expect(app.step).toBe('threat');
  });
});

describe('the search of the palette', () => {
  it('wants every word, and puts the start of words first', () => {
    expect(match('', 'Start audit')).toBeGreaterThan(0);
    expect(match('audit start', 'Start audit')).toBeGreaterThan(0);
    expect(match('stop', 'Start audit')).toBe(0);
    expect(match('sta', 'Start audit')).toBeGreaterThan(match('sta', 'Not started'));
    expect(match('start', 'Not started')).toBeGreaterThan(match('art', 'Not started'));
    expect(match('tm', 'Threat model')).toBeGreaterThan(0);
  });
});
