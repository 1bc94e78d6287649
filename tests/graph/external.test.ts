import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { UserError } from '../../shared/errors.ts';
import { inspectGraph, loadGraph, saveGraph, tensorNumbers } from '../../src-main/graph/index.ts';
import { Tensor } from '../../src-main/runtime/ort.ts';
import { scratch } from './folder.ts';
import { outputOf } from './run.ts';
import { ATTRIBUTE, floats, GRAPH, initializer, messages, model, MODEL, node, NODE, TENSOR, texts, value } from './wire.ts';
import type { Field } from './wire.ts';

const folder = scratch();
let at = '';
beforeEach(() => (at = mkdtempSync(join(folder.path, 'case-'))));

const entry = (key: string, text: string): Field => [
  TENSOR.externalData,
  [
    [1, key],
    [2, text],
  ],
];

/** y = x * w, with w in another file: 8 bytes of something else, then its 4 numbers. */
function write(entries: Field[], data: Uint8Array | null = floats([9, 9, 1, 2, 3, 4])): string {
  const name = at.slice(folder.path.length + 1);
  if (data) folder.write(join(name, 'w.bin'), data);
  return folder.write(
    join(name, 'm.onnx'),
    model([
      [GRAPH.input, value('x', [1, 4])],
      [GRAPH.output, value('y', [1, 4])],
      initializer('w', [4], [...entries, [TENSOR.dataLocation, 1]]),
      node('Mul', ['x', 'w'], ['y']),
    ]),
  );
}

const good = [entry('location', 'w.bin'), entry('offset', '8'), entry('length', '16')];
const numbers = (path: string): number[] => {
  const graph = loadGraph(path);
  return Array.from(tensorNumbers(graph.initializers.get('w')!, graph));
};
const ones = () => ({ x: new Tensor('float32', new Float32Array(4).fill(1), [1, 4]) });

describe('weights in a file beside the model', () => {
  it('are read at their offset', () => {
    expect(numbers(write(good))).toEqual([1, 2, 3, 4]);
  });

  it('are as long as the shape says where no length is given', () => {
    expect(numbers(write([entry('location', 'w.bin')]))).toEqual([9, 9, 1, 2]);
  });

  it('stay where they are when the graph is saved, and onnxruntime finds them', async () => {
    const saved = saveGraph(loadGraph(write(good)));
    const w = messages(messages(saved.bytes, MODEL.graph)[0]!, GRAPH.initializer)[0]!;
    expect(messages(w, TENSOR.externalData).map((e) => [texts(e, 1)[0], texts(e, 2)[0]])).toEqual([
      ['location', 'w.bin'],
      ['offset', '8'],
      ['length', '16'],
    ]);
    expect(Array.from(await outputOf(saved, ones()))).toEqual([1, 2, 3, 4]);
  });

  it('are part of what identifies the model, each file once', () => {
    const file = write(good);
    const { sha256, weights } = inspectGraph(loadGraph(file));
    const data = readFileSync(join(dirname(file), 'w.bin'));
    expect(weights).toEqual([{ file: 'w.bin', bytes: 24, sha256: createHash('sha256').update(data).digest('hex') }]);
    expect(sha256).toBe(createHash('sha256').update(readFileSync(file)).digest('hex'));
    writeFileSync(join(dirname(file), 'w.bin'), floats([9, 9, 1, 2, 3, 5]));
    const other = inspectGraph(loadGraph(file));
    expect([other.sha256, other.weights[0]!.sha256 === weights[0]!.sha256]).toEqual([sha256, false]);
    rmSync(join(dirname(file), 'w.bin'));
    expect(() => inspectGraph(loadGraph(file))).toThrow(
      'The model keeps weights in w.bin, which cannot be read: put that file beside the model.',
    );
  });

  it.each<[string, Field[], Uint8Array | null, string]>([
    [
      'above the folder',
      [entry('location', '../w.bin')],
      null,
      'The model keeps weights outside its folder (../w.bin), which is refused: export it with its weights beside it.',
    ],
    ['above the folder, in Windows spelling', [entry('location', 'a\\..\\..\\w.bin')], null, 'The model keeps weights outside its folder'],
    ['at an absolute path of Windows', [entry('location', 'C:\\\\w.bin')], null, 'The model keeps weights outside its folder'],
    [
      'at an absolute path',
      [entry('location', '/etc/passwd')],
      null,
      'The model keeps weights outside its folder (/etc/passwd), which is refused: export it with its weights beside it.',
    ],
    ['in a file that is missing', good, null, 'The model keeps weights in w.bin, which cannot be read: put that file beside the model.'],
    ['in a file that was shortened', good, floats([9, 9, 1, 2, 3]), 'w.bin is shorter than the model needs: copy the whole file again.'],
    [
      'before the start',
      [entry('location', 'w.bin'), entry('offset', '-8')],
      floats([1, 2, 3, 4]),
      'points nowhere in w.bin: the model file is damaged.',
    ],
    [
      'at an offset in another spelling, which onnxruntime reads otherwise',
      [entry('location', 'w.bin'), entry('offset', '0x8')],
      floats([1, 2, 3, 4]),
      'points nowhere in w.bin',
    ],
    [
      'at an offset that is no number',
      [entry('location', 'w.bin'), entry('offset', 'here')],
      floats([1, 2, 3, 4]),
      'points nowhere in w.bin',
    ],
    [
      'with too small a length',
      [entry('location', 'w.bin'), entry('length', '12')],
      floats([1, 2, 3, 4]),
      'Tensor w is shorter than its shape says: the model file is damaged.',
    ],
  ])('%s are refused in one sentence', (_, entries, data, message) => {
    const file = write(entries, data);
    expect(() => numbers(file)).toThrow(UserError);
    expect(() => numbers(file)).toThrow(message);
  });

  it('are read through links that leave the folder, as in the cache of the Hugging Face Hub', async () => {
    for (const name of ['blobs', 'snapshot']) mkdirSync(join(at, name));
    const file = write([entry('location', 'm.onnx_data'), entry('offset', '8')]);
    renameSync(file, join(at, 'blobs/aaa'));
    renameSync(join(at, 'w.bin'), join(at, 'blobs/bbb'));
    symlinkSync('../blobs/aaa', join(at, 'snapshot/m.onnx'));
    symlinkSync('../blobs/bbb', join(at, 'snapshot/m.onnx_data'));
    cpSync(join(at, 'blobs/aaa'), join(at, 'snapshot/copied.onnx'));
    for (const name of ['m.onnx', 'copied.onnx']) {
      const path = join(at, 'snapshot', name);
      const graph = loadGraph(path);
      expect(inspectGraph(graph).weights.map((one) => one.file)).toEqual(['m.onnx_data']);
      for (const source of [path, saveGraph(graph)]) expect(Array.from(await outputOf(source, ones())), name).toEqual([1, 2, 3, 4]);
    }
  });

  it.runIf(process.platform !== 'win32').each<[string, (file: string) => void, RegExp]>([
    ['a pipe', (file) => void execFileSync('mkfifo', [file]), /w\.bin is a pipe, not a file: give a file\.$/],
    ['a link to a device', (file) => symlinkSync('/dev/zero', file), /w\.bin is a device, not a file: give a file\.$/],
    ['a folder', (file) => mkdirSync(file), /w\.bin is a folder, not a file: give a file\.$/],
    ['a link to nothing', (file) => symlinkSync('nowhere', file), /^The model keeps weights in w\.bin, which cannot be read/],
  ])('are refused where they are %s, in a body of the graph, too', (_, put, message) => {
    const file = write(good, null);
    put(join(at, 'w.bin'));
    expect(() => loadGraph(file)).toThrow(message);
    const w = initializer('w', [4], [...good, [TENSOR.dataLocation, 1]]);
    const inner = [w, node('Identity', ['w'], ['z']), [GRAPH.output, value('z', [4])]] as Field[];
    const branch = (name: string): Field => [
      NODE.attribute,
      [
        [ATTRIBUTE.name, name],
        [ATTRIBUTE.g, inner],
        [ATTRIBUTE.type, 5],
      ],
    ];
    writeFileSync(
      file,
      model([
        [GRAPH.input, value('x', [])],
        [GRAPH.output, value('y', [4])],
        node('If', ['x'], ['y'], [branch('then_branch'), branch('else_branch')]),
      ]),
    );
    expect(() => loadGraph(file)).toThrow(message);
  });
});
