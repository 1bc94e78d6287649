import { describe, expect, it } from 'vitest';
import { computed } from 'vue';
import { ACTION_GROUPS, ACTIONS, type ActionGroup } from '../../shared/actions.ts';
import { isLanguage } from '../../shared/languages.ts';
import { actionTitle, groupTitle, language, S, WORDS } from '../../src-renderer/strings.ts';

/** Every word by its place: `images.title`. */
function leaves(words: unknown, at = ''): [string, unknown][] {
  if (typeof words !== 'object' || words === null) return [[at, words]];
  return Object.entries(words).flatMap(([key, value]) => leaves(value, at ? `${at}.${key}` : key));
}
const en = new Map(leaves(WORDS.en));
const de = new Map(leaves(WORDS.de));
type Say = (...args: number[]) => string;
const sentences = [...en].filter(([at, value]) => typeof value === 'function' && !at.startsWith('say.')) as [string, Say][];

/** Names, signs and words that are the same in German. Keys of a keyboard are told by the name of the key. */
const SAME = new Set([
  ...[
    'Hairline',
    'System',
    'Parameter',
    'Opset',
    'SHA-256',
    'Name',
    'CPU',
    'CUDA',
    'DirectML',
    'WebGPU',
    'Core ML',
    'Interpolation',
    'Bilinear',
    'Linear',
    'RGB',
    'BGR',
    'Budget',
    'Budgets ε',
    'in [0,1]',
    'in /255',
  ],
  ...[
    'MNIST, [0,1]',
    'CIFAR-10, [0,1]',
    'ImageNet (PyTorch)',
    'ImageNet (Caffe)',
    'Worker',
    'PSNR',
    'SSIM',
    'Adversarial',
    'adversarial',
    'Norm',
    'Label',
    'Label…',
    'Export',
    'PDF',
    'CSV',
    'JSON',
    'Audits',
    'Superpixel',
    'Pixel',
    'Block',
    'Budget ε',
    'Budget ε in [0,1]',
    'Budget ε in /255',
  ],
  ...['←', '→', '↑', '↓', 'Esc', '↵'],
]);

describe('the words of the window', () => {
  it('are in both languages, none empty, none left in the other', () => {
    expect([...de.keys()].filter((at) => !at.startsWith('keys.names.')).sort()).toEqual(
      [...en.keys()].filter((at) => !at.startsWith('keys.names.')).sort(),
    );
    for (const [at, word] of [...en, ...de]) if (typeof word === 'string') expect(word.trim(), at).not.toBe('');
    const left = [...en].filter(
      ([at, word]) => typeof word === 'string' && !/\.keys\.\d+$/.test(at) && word === de.get(at) && !SAME.has(word),
    );
    expect(left).toEqual([]);
  });

  it('put the same values into a sentence, and agree with one and many', () => {
    for (const [at, english] of sentences) {
      const german = de.get(at) as Say;
      const values = Array.from({ length: english.length }, (_, i) => 11 + i);
      const put = (text: string): number[] => values.filter((value) => text.includes(String(value)));
      expect(put(german(...values)), at).toEqual(put(english(...values)));
      for (const count of [1, 2])
        expect(german(...values.map(() => count)), at).not.toMatch(
          /\b1 (Bilder|Dateien|Kanäle|Angriffe|Flächen|Teilmengen|Arten)\b|\b2 (Bild|Datei|Kanal|Angriff|Fläche|Teilmenge|Art)\b/,
        );
    }
  });

  it('follow the language, where a section was taken out before, too', () => {
    const T = S.images;
    const title = computed(() => `${T.title} ${actionTitle('run.start')} ${groupTitle('file')}`);
    expect(title.value).toBe('Images Start audit File');
    language.value = 'de';
    expect(title.value).toBe('Bilder Audit starten Datei');
    for (const { id } of ACTIONS) expect(actionTitle(id).trim(), id).not.toBe('');
    language.value = 'en';
    for (const { id, title: english } of ACTIONS) expect(actionTitle(id), id).toBe(english);
    for (const group of Object.keys(ACTION_GROUPS) as ActionGroup[]) expect(groupTitle(group)).toBe(ACTION_GROUPS[group]);
    expect(['de', 'fr', 'toString', null].map(isLanguage)).toEqual([true, false, false, false]);
  });

  it('call classes by their names', () => {
    expect([WORDS.de.say.className(null, 3), WORDS.de.say.className(['Katze'], 0)]).toEqual(['Klasse 3', 'Katze']);
  });
});
