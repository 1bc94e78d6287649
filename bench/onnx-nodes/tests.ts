import { fromBinary } from '@bufbuild/protobuf';
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { TensorProtoSchema } from 'onnx-buf';
import type { TensorProto } from 'onnx-buf';
import { globSync } from 'tinyglobby';
import { UserError } from '../../shared/errors.ts';
import {
  declaredShape,
  DType,
  emptyGraph,
  GraphBuilder,
  saveGraph,
  tensorData,
  tensorDims,
  tensorNumbers,
  WORKING_OPSET,
} from '../../src-main/graph/index.ts';
import type { Graph } from '../../src-main/graph/index.ts';
import { openSession, ORT_TYPE, Tensor } from '../../src-main/runtime/ort.ts';
import type { OrtTensor } from '../../src-main/runtime/ort.ts';

/** The newest operator set that onnxruntime takes. */
export async function newestOpset(): Promise<number> {
  for (let version = WORKING_OPSET; ; version++) {
    const b = new GraphBuilder(emptyGraph('trial', version + 1));
    b.input('x', DType.float32, [1]);
    b.node('Relu', ['x'], {}, { outputs: ['y'] });
    b.output('y', DType.float32, [1]);
    try {
      await (await openSession(saveGraph(b.graph))).release();
    } catch {
      return version;
    }
  }
}

/**
 * Has Python's `onnx` write its node tests into a folder, in no newer operator set than that.
 * @returns its release
 * @throws UserError where that interpreter has no such package
 */
export function generate(python: string, folder: string, opset: number): string {
  const { status, stdout, stderr, error } = spawnSync(python, ['bench/onnx-nodes/generate.py', folder, String(opset)], {
    encoding: 'utf8',
    maxBuffer: 2 ** 26,
  });
  if (status !== 0) throw new UserError(`${python} cannot write the tests: ${error?.message ?? stderr.trim().split('\n').at(-1)!}`);
  return `onnx ${stdout.trim().split('\n').at(-1)!}`;
}

/** Tests of a folder, however deep: a model beside the data that it was tried on. */
export function testsIn(folder: string): string[] {
  const found = globSync('**/model.onnx', { cwd: folder }).map((file) => join(folder, dirname(file)));
  return found.filter((test) => existsSync(join(test, 'test_data_set_0'))).sort();
}

/**
 * The values of a test's inputs, by name.
 * @throws UserError for a sequence, an optional or a map
 */
export function valuesOf(folder: string, graph: Graph): Map<string, TensorProto> {
  const listed = graph.model.graph!.input;
  return new Map(
    listed.flatMap((input, k) => {
      const file = join(folder, 'test_data_set_0', `input_${k}.pb`);
      if (!existsSync(file)) return [];
      if (input.type?.value.case !== 'tensorType') throw new UserError(`its input ${input.name} is no tensor`);
      return [[input.name, Object.assign(fromBinary(TensorProtoSchema, readFileSync(file)), { name: input.name })] as const];
    }),
  );
}

/** A test's value as onnxruntime takes it. @throws UserError for a type that its binding has no name for */
export function fed(tensor: TensorProto): OrtTensor {
  const dims = tensorDims(tensor);
  // In place of bfloat16 runs float32 (see `withoutBfloat16`).
  if (tensor.dataType === DType.bfloat16) return new Tensor('float32', Float32Array.from(tensorNumbers(tensor)), dims);
  if (tensor.dataType === DType.string)
    return new Tensor(
      'string',
      tensor.stringData.map((s) => new TextDecoder().decode(s)),
      dims,
    );
  const type = ORT_TYPE[tensor.dataType];
  if (!type)
    throw new UserError(`its input ${tensor.name} is of type ${tensor.dataType}, which onnxruntime's binding for Node has no name for`);
  return new Tensor(type, tensorData(tensor) as never, dims);
}

/** Whether any input or output is in 16 bits. */
export function speaksHalf(graph: Graph): boolean {
  return [...graph.inputs, ...graph.outputs].some((v) => [DType.float16, DType.bfloat16].includes(declaredShape(v).type as never));
}
