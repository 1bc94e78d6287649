import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { parseClasses, parseClassNames, readClassNames } from '../../src-main/model/labels.ts';

const folder = mkdtempSync(join(tmpdir(), 'hairline-names-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe('class names', () => {
  it.each([
    ['a name a line', 'cat\ngreat white shark\ndog\n'],
    ['mark, Windows line ends, empty lines', '\uFEFFcat\r\n\r\ngreat white shark\r\ndog\r\n'],
    ['a table without header, not in order', '2,dog\n0,cat\n1,great white shark\n'],
    ['counting from 1', '1;cat\n2;great white shark\n3;dog\n'],
    ['a table with header and more columns', 'name,wnid,index\ncat,n1,0\ndog,n3,2\n"great white shark",n2,1\n'],
    ['a JSON array', '["cat", "great white shark", "dog"]'],
    ['JSON, number to name', '{"0": "cat", "2": "dog", "1": "great white shark"}'],
    ['JSON, name to number', '{"cat": 0, "dog": 2, "great white shark": 1}'],
    [
      'a Hugging Face config.json',
      '{"model_type": "vit", "id2label": {"1": "great white shark", "0": "cat", "2": "dog"}, "label2id": {"cat": 0}}',
    ],
    ['only its label2id', '{"hidden_size": 3, "label2id": {"dog": 2, "cat": 0, "great white shark": 1}}'],
    ["timm's label_names", '{"architecture": "resnet18", "num_classes": 3, "label_names": ["cat", "great white shark", "dog"]}'],
    ['a dictionary as Python prints it', "{0: 'cat',\n 1: 'great white shark',\n 2: 'dog'}"],
    [
      'objects with id and name',
      '{"categories": [{"id": 1, "name": "great white shark"}, {"id": 0, "name": "cat"}, {"id": 2, "name": "dog"}]}',
    ],
    ['objects whose ids are texts', '[{"id": "1", "name": "great white shark"}, {"id": "0", "name": "cat"}, {"id": "2", "name": "dog"}]'],
    [
      'objects with index and name',
      '[{"index": 2, "name": "dog"}, {"index": 0, "name": "cat"}, {"index": 1, "name": "great white shark"}]',
    ],
    ['pairs of number and name', '[[2, "dog"], [0, "cat"], [1, "great white shark"]]'],
    ['pairs of name and number, from 1', '[["dog", 3], ["cat", 1], ["great white shark", 2]]'],
    ['a data.yaml with a list', 'nc: 3\nnames: [cat, great white shark, dog]\ntrain: images\n'],
    ['a data.yaml with a list in quotes', "path: data\nnames: ['cat', 'great white shark', 'dog'] # all\n"],
    ['a data.yaml with numbers', 'nc: 3\nnames:\n  0: cat\n  2: dog\n  1: great white shark\nval: images\n'],
    ['a data.yaml with lines', 'names:\n- cat\n- "great white shark"\n- dog\n\nval: images\n'],
    ['names in quotes, commas behind them', '"cat",\n"great white shark",\n"dog",\n'],
    ['a table with other words in its header', 'idx,ClassName\n2,dog\n0,cat\n1,great white shark\n'],
    ['JSON as Keras has it', '{"0": ["n1", "cat"], "1": ["n2", "great white shark"], "2": ["n3", "dog"]}'],
  ])('%s', (_, text) => {
    expect(parseClassNames(text, 'names')).toEqual(['cat', 'great white shark', 'dog']);
  });

  it.each([
    ['a header', 'class_name\ncat\nowl\n', 2, ['cat', 'owl']],
    ['a class of that name', 'label\ncat\nowl\n', 3, ['label', 'cat', 'owl']],
  ])('may have %s in the first line', async (name, text, classes, expected) => {
    const path = join(folder, `${name}.txt`);
    writeFileSync(path, text);
    expect(await readClassNames(path, classes)).toEqual(expected);
  });

  it('that are not in UTF-8 are refused by name', async () => {
    const path = join(folder, 'latin.txt');
    writeFileSync(path, Buffer.from('gr\u00fcn\nrot\n', 'latin1'));
    await expect(readClassNames(path, 2)).rejects.toThrow(/is not in UTF-8, so that letters in it are lost: save it as UTF-8/);
  });

  it('may hold commas', () => {
    expect(parseClassNames('tench, Tinca tinca\ngoldfish, Carassius auratus\n', 'names')).toEqual([
      'tench, Tinca tinca',
      'goldfish, Carassius auratus',
    ]);
    expect(parseClassNames('0,tench\n1,goldfish, Carassius auratus\n', 'names')).toEqual(['tench', 'goldfish, Carassius auratus']);
  });

  it('have their WordNet ids beside them where the list has them', () => {
    expect(parseClasses('{"0": ["n01440764", "tench"], "1": ["n01443537", "goldfish"]}', 'names').ids).toEqual(['n01440764', 'n01443537']);
    expect(parseClasses('name,wnid,index\ncat,n00000007,1\ndog,n00000003,0\n', 'names')).toEqual({
      names: ['dog', 'cat'],
      ids: ['n00000003', 'n00000007'],
    });
    expect(parseClasses('{"0": ["n1", "cat"], "1": ["n2", "dog"]}', 'names').ids).toBeNull();
  });

  it.each([
    ['a colon', '0: cat\n1: dog\n2: red cow\n', ['cat', 'dog', 'red cow']],
    ['a space, from 1 and in any order', '2 dog\n1 cat\n', ['cat', 'dog']],
    ['the number behind it', 'cat = 1\ndog = 0\n', ['dog', 'cat']],
    ['a space and the number behind it', 'cat 0\ndog 1\n', ['cat', 'dog']],
    ['names that only numbers tell apart', 'class 0\nclass 1\n', ['class 0', 'class 1']],
    ['numbers that do not count them', '7 up\n4 seasons\n', ['7 up', '4 seasons']],
  ])('a line each, with %s', (_, text, names) => {
    expect(parseClassNames(text, 'names')).toEqual(names);
  });

  it('may be in UTF-16, as Excel and PowerShell write it', async () => {
    const path = join(folder, 'sixteen.txt');
    writeFileSync(path, Buffer.from('\uFEFFKüche\r\nBad\r\n', 'utf16le'));
    expect(await readClassNames(path, 2)).toEqual(['Küche', 'Bad']);
    writeFileSync(path, Buffer.from('\uFEFFKüche\r\nBad\r\n', 'utf16le').swap16());
    expect(await readClassNames(path, 2)).toEqual(['Küche', 'Bad']);
  });

  it('may be numbers themselves', () => {
    expect(parseClassNames('7\n8\n9\n', 'names')).toEqual(['7', '8', '9']);
  });

  it.each([
    ['', 'holds no class names'],
    ['[]', 'holds no class names'],
    ['{"0": "a"', 'not valid JSON'],
    ['[1, 2]', 'holds 1 where a class name was expected'],
    ['0,a\n2,c\n', 'does not number its 2 classes from 0 (or 1) without gaps'],
    ['0,a\n0,b\n', 'without gaps'],
  ])('refuses %j', (text, message) => {
    expect(() => parseClassNames(text, 'names.txt')).toThrow(
      expect.objectContaining({ name: 'UserError', message: expect.stringContaining(message) as unknown }) as Error,
    );
  });

  it('must be as many as the model has classes', async () => {
    const path = join(folder, 'names.txt');
    writeFileSync(path, 'a\nb\nc\n');
    expect(await readClassNames(path, 3)).toEqual(['a', 'b', 'c']);
    expect(await readClassNames(path, null)).toHaveLength(3);
    await expect(readClassNames(path, 10)).rejects.toThrow('holds 3 class names, but the model has 10 classes');
    await expect(readClassNames(join(folder, 'none.txt'), 3)).rejects.toThrow('cannot be read (ENOENT)');
  });
});
