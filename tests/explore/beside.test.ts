import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { findBeside } from '../../src-main/explore/beside.ts';
import { tellFile } from '../../src-main/explore/tellFile.ts';
import { imagesOf } from '../../src-main/images/index.ts';
import { png, scratch } from '../images/files.ts';

const { folder, file } = scratch();
const pixel = png(1, 1, 8, 0, [[0]]);
/** A folder with four pictures and whatever lies beside them. */
function pictures(root: string, beside: Record<string, string>, names = ['1.png', '2.png', '3.png', '4.png']): string {
  for (const name of names) file(`${root}/${name}`, pixel);
  for (const [name, content] of Object.entries(beside)) file(`${root}/${name}`, content);
  return join(folder, root);
}
const four = pictures('four', {});

describe('a text file that nobody said anything of', () => {
  it.each<[string, string, string, number | null]>([
    ['labels', 'x.csv', 'file,label\n1.png,0\n2.png,1\n', null],
    ['labels', 'x.txt', '3\n1\n0\n0\n', 4],
    ['labels', 'x.txt', 'red\nred\nblue\ndark\n', 4],
    ['labels', 'x.txt', '/home/me/a.jpg 0\n/home/me/b.jpg 1\n', 2],
    ['labels', 'x.json', '{"1.png": "red", "2.png": "blue"}', null],
    ['labels', 'x.csv', 'image,red,blue\n1,0,1\n2,1,0\n', null],
    ['labels', 'x.txt', '0\n1\n2\n3\n', 10],
    ['classNames', 'x.txt', 'красный\nзелёный\nсиний\n', null],
    ['classNames', 'x.txt', 'красный\nзелёный\nсиний\nтёмный\nбелый\n', 5],
    ['classNames', 'метки.txt', '赤\n緑\n青\n', 3],
    ['classNames', 'x.txt', '0\n180\n270\n90\n45\n', 5],
    ['classNames', 'x.txt', 'n01440764 tench, Tinca tinca\nn01443537 goldfish\n', null],
    ['classNames', 'x.txt', 'tench, Tinca tinca\ngoldfish, Carassius auratus\n', null],
    ['classNames', 'x.csv', 'index,name\n0,red\n1,blue\n', null],
    ['classNames', 'labels.txt', '0 Class 1\n1 Class 2\n', null],
    ['classNames', 'class-names.txt', 'a\nb\nc\nd\n', 4],
    ['classNames', 'config.json', '{"id2label": {"0": "red", "1": "blue"}, "hidden_size": 3}', null],
    ['classNames', 'x.json', '{"red": 0, "blue": 1}', 2],
    ['classNames', 'x.json', '{"0": ["n01440764", "tench"], "1": ["n01443537", "goldfish"]}', null],
    ['classNames', 'x.txt', "{0: 'red', 1: 'blue'}", null],
  ])('is told to be %s: %s with %j, %s classes', async (kind, name, content, classes) => {
    expect(await tellFile(file(`told/${name}`, content), await imagesOf([four]), classes)).toBe(kind);
  });

  it('is neither', async () => {
    for (const content of ['', '{"a": {"b": 1}}', '{"a"', 'one line'])
      expect(await tellFile(file('told/other.json', content), await imagesOf([four]), null)).not.toBe('classNames');
  });
});

describe('what lies beside images', () => {
  const ten = () => Promise.resolve(10);
  it('is found by its name and content: labels that have them, names of as many classes', async () => {
    const both = pictures('both', {
      'labels.csv': 'file,label\n1.png,2\n3.png,0\n',
      'classes.txt': 'a\nb\nc\n',
      'notes.txt': 'a\nb\nc\n',
      'metadata.csv': 'file,label\n1.png,5\n',
    });
    expect(await findBeside([both], () => Promise.resolve(3))).toEqual({
      labels: join(both, 'labels.csv'),
      classNames: join(both, 'classes.txt'),
    });
    expect(await findBeside([both], ten)).toEqual({ labels: join(both, 'labels.csv'), classNames: null });
    expect(await findBeside([join(both, '1.png')], ten)).toEqual({ labels: null, classNames: null });
  });

  it.each([
    ['metadata.csv', 'file_name,label\n1.png,1\n2.png,0\n', 'labels'],
    ['metadata.jsonl', '{"file_name": "1.png", "label": 1}\n{"file_name": "2.png", "label": 0}\n', 'labels'],
    ['train_labels.csv', 'file_name,label\n1.png,1\n2.png,0\n', 'labels'],
    ['labels.txt', '1\n1\n0\n0\n', 'labels'],
    ['labels.txt', 'red\ngreen\nblue\n', 'classNames'],
    ['Class_Names.json', '["red", "green", "blue"]', 'classNames'],
    ['class_index.json', '{"0": ["n00000001", "red"], "1": ["n00000002", "green"], "2": ["n00000003", "blue"]}', 'classNames'],
    ['synset_words.txt', 'n00000001 red\nn00000002 green\nn00000003 blue\n', 'classNames'],
  ])('may be %s with %j', async (name, content, kind) => {
    const root = pictures(`may ${name} ${kind}`, { [name]: content });
    expect(await findBeside([root], () => Promise.resolve(3))).toEqual({ labels: null, classNames: null, [kind]: join(root, name) });
  });

  it('is no list of other pictures, and none beside class folders', async () => {
    expect((await findBeside([pictures('others', { 'labels.csv': 'file,label\nx.png,2\ny.png,0\n' })], ten)).labels).toBeNull();
    expect((await findBeside([pictures('longer', { 'labels.txt': '1\n2\n3\n4\n5\n' })], ten)).labels).toBeNull();
    expect(
      (await findBeside([pictures('folders', { 'labels.csv': 'file,label\np.png,2\n' }, ['cat/p.png', 'dog/q.png'])], ten)).labels,
    ).toBeNull();
  });
});
