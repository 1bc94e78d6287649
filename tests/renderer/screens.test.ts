import { expect, it, vi } from 'vitest';
import { actionInfo } from '../../shared/actions.ts';
import { DESTINATIONS, isSetup, SCREENS } from '../../shared/screens.ts';

vi.stubGlobal('window', { matchMedia: () => ({ matches: false, addEventListener: () => undefined }) });
vi.stubGlobal('document', { documentElement: { dataset: {} }, createElement: () => ({}) });
vi.stubGlobal('navigator', { platform: 'Linux', language: 'en' });
const { COMPONENTS } = await import('../../src-renderer/screens/index.ts');

it('shows every screen of the list by the component of its name, and has no component that nothing shows', () => {
  const files = Object.keys(import.meta.glob('../../src-renderer/screens/*.vue')).map((path) => path.split('/').at(-1)!);
  expect(SCREENS.map(({ step }) => `${step}screen.vue`).sort()).toEqual(files.map((name) => name.toLowerCase()).sort());
  for (const { step } of SCREENS) expect((COMPONENTS[step] as { __name?: string }).__name?.toLowerCase(), step).toBe(`${step}screen`);
});

it('goes to a screen by the keys of the list, and to what belongs to another screen by none', () => {
  for (const { step, title, shortcut } of DESTINATIONS)
    expect(actionInfo(`go.${step}`)).toEqual({ id: `go.${step}`, title, shortcut, group: 'go' });
  expect(SCREENS.filter((screen) => !('title' in screen)).map(({ step, place }) => [step, place])).toEqual([
    ['image', { within: 'results' }],
  ]);
  expect(new Set(DESTINATIONS.map(({ shortcut }) => shortcut)).size).toBe(DESTINATIONS.length);
});

it('keeps as a set-up what an audit is set up on, and nothing that shows what may be gone', () => {
  expect(SCREENS.map(({ step }) => step).filter(isSetup)).toEqual(['model', 'images', 'threat']);
});
