import { describe, expect, it } from 'vitest';
import { UserError } from '../../shared/errors.ts';
import { DType, GraphBuilder, saveGraph } from '../../src-main/graph/index.ts';
import { openSession, ortReason, ortVersion, Tensor } from '../../src-main/runtime/ort.ts';
import { scratch } from '../graph/folder.ts';
import { GRAPH, model, node, value } from '../graph/wire.ts';

const folder = scratch();

describe('reasons that onnxruntime gives', () => {
  // Messages as version 1.30 throws them.
  it.each([
    [
      '/onnxruntime_src/onnxruntime/core/providers/webgpu/webgpu_context.cc:136 onnxruntime::webgpu::WebGpuContext::Initialize(const onnxruntime::webgpu::WebGpuContextConfig&)::<lambda()> adapter_result.status == wgpu::RequestAdapterStatus::Success was false. Failed to get a WebGPU adapter: No supported adapters\n',
      'Failed to get a WebGPU adapter: No supported adapters.',
    ],
    [
      'OrtSessionOptionsAppendExecutionProvider_Cuda: Failed to load shared library',
      'OrtSessionOptionsAppendExecutionProvider_Cuda: Failed to load shared library.',
    ],
    ['Failed to load model because protobuf parsing failed.', 'Failed to load model because protobuf parsing failed.'],
    [
      "Non-zero status code returned while running Reshape node. Name:'hl/y' Status Message: /onnxruntime_src/onnxruntime/core/providers/cpu/tensor/reshape_helper.h:47 onnxruntime::ReshapeHelper::ReshapeHelper(const onnxruntime::TensorShape&, onnxruntime::TensorShapeVector&, bool) input_shape_size == size was false. The input tensor cannot be reshaped to the requested shape. Input shape:{2,192}, requested shape:{5,7}\n",
      'Non-zero status code returned while running Reshape node. Status Message: The input tensor cannot be reshaped to the requested shape. Input shape:{2,192}, requested shape:{5,7}.',
    ],
    [
      'Load model from /home/me/my models/a.onnx failed:/onnxruntime_src/onnxruntime/core/graph/model.cc:191 onnxruntime::Model::Model(onnx::ModelProto&&, const onnxruntime::PathString&, const onnxruntime::ModelOptions&) Missing opset in the model.',
      'Missing opset in the model.',
    ],
    [
      'Load model from a.onnx failed:This is an invalid model. In Node, ("", Debug, "", -1) : ("x": tensor(float),) -> ("y",) , Error No Op registered for Debug with domain_version of 7',
      'it knows no operator Debug in operator set 7.',
    ],
    [
      'Load model from C:\\models\\a.onnx failed:Fatal error: com.microsoft:LegacyPadding(-1) is not a registered function/op',
      'it knows no operator com.microsoft:LegacyPadding.',
    ],
    [
      "Could not find an implementation for RoiAlign(22) node with name ''",
      'it has no kernel for RoiAlign of operator set 22 and these element types on the CPU.',
    ],
    [
      "Failed to find kernel for Cast(25) (node:'' ep:'CPUExecutionProvider'). Op with name () domain () and type (Cast) kernel is not supported in CPUExecutionProvider. Encountered following errors: ( Version mismatch. node_version: 25 kernel start version: 6 kernel_end_version: 12\n)",
      'it has no kernel for Cast of operator set 25 and these element types on the CPU.',
    ],
    [
      'Load model from a.onnx failed:/onnxruntime_src/onnxruntime/core/graph/model.cc:149 onnxruntime::Model::Model(onnx::ModelProto&&, const onnxruntime::PathString&, const onnxruntime::ModelOptions&) Unsupported model IR version: 14, max supported IR version: 13\n',
      'the file is in version 14 of the format, and this version of it reads up to 13: export it for an older one.',
    ],
    [
      'Load model from a.onnx failed:/onnxruntime_src/onnxruntime/core/graph/model_load_utils.h:56 void onnxruntime::model_load_utils::ValidateOpsetForDomain(const std::unordered_map<std::__cxx11::basic_string<char>, int>&, const onnxruntime::logging::Logger&, bool, const std::string&, int) ONNX Runtime only *guarantees* support for models stamped with official released onnx opset versions. Opset 27 is under development and support for this is limited. The operator schemas and or other functionality may change before next ONNX release and in this case ONNX Runtime will not guarantee backward compatibility. Current official support for domain ai.onnx is till opset 26.\n',
      'the file is in operator set 27 of ai.onnx, and this version of it knows up to 26: export it for an older one.',
    ],
    [
      "Nodes in a graph must be topologically sorted, however input 'a' of node: \nname:  OpType: Add\n is not output of any previous nodes.",
      "Nodes in a graph must be topologically sorted, however input 'a' of a node comes from none before it.",
    ],
    ['[ONNXRuntimeError] : 10 : INVALID_GRAPH : This is an invalid model. Error: no node', 'This is an invalid model. Error: no node.'],
  ])('lose what only its authors can use', (message, reason) => expect(ortReason(new Error(message))).toBe(reason));
});

describe('sessions', () => {
  const double = () => {
    const b = new GraphBuilder();
    b.input('x', DType.float32, ['N', 2]);
    b.node('Add', ['x', 'x'], {}, { outputs: ['y'] });
    b.output('y', DType.float32, ['N', 2]);
    return saveGraph(b.graph);
  };

  it('open from memory and from a file, optimised or not, on any number of threads', async () => {
    const file = folder.write('double.onnx', double().bytes);
    for (const model of [double(), file])
      for (const options of [{}, { optimize: false }, { threads: 2 }]) {
        const session = await openSession(model, options);
        const out = await session.run({ x: new Tensor('float32', Float32Array.of(1, 2), [1, 2]) });
        expect(Array.from(out['y']!.data as Float32Array)).toEqual([2, 4]);
        await session.release();
      }
  });

  it('of a model that onnxruntime refuses say why in one sentence, and not where the model lies', async () => {
    const opening = openSession(
      folder.write('wobble.onnx', model([[GRAPH.input, value('x', [1])], [GRAPH.output, value('y', [1])], node('Wobble', ['x'], ['y'])])),
    );
    await expect(opening).rejects.toThrow(UserError);
    await expect(opening).rejects.toThrow(/^onnxruntime cannot load the model: [^\n]{10,}\.$/);
    await expect(opening).rejects.not.toThrow(folder.path);
  });

  /** Two pixels of zeros around -1 ... -16, and windows as wide: by hand, the maximum is 0 wherever a zero is in the window. */
  it.each([
    ['MaxPool', 2, [0, 0, 0, 0, 0, -1, -3, 0, 0, -9, -11, 0, 0, 0, 0, 0]],
    ['AveragePool', 2, [0, 0, 0, 0, 0, -3.5, -5.5, 0, 0, -11.5, -13.5, 0, 0, 0, 0, 0]],
    ['MaxPool', 4, [0, 0, 0, 0]],
  ] as const)('pool what a Pad wrote as what it is: %s of %i pixels', async (op, side, expected) => {
    const b = new GraphBuilder();
    b.input('x', DType.float32, [1, 1, 4, 4]);
    const around = b.node('Pad', ['x', b.ints([0, 0, 2, 2, 0, 0, 2, 2])]);
    b.node(op, [around], { kernel_shape: [side, side], strides: [side, side] }, { outputs: ['y'] });
    b.output('y', DType.float32, [1, 1, 8 / side, 8 / side]);
    const saved = saveGraph(b.graph);
    for (const model of [saved, folder.write('padded.onnx', saved.bytes)]) {
      const session = await openSession(model);
      const out = await session.run({
        x: new Tensor(
          'float32',
          Float32Array.from({ length: 16 }, (_, i) => -1 - i),
          [1, 1, 4, 4],
        ),
      });
      expect(Array.from(out['y']!.data as Float32Array, (v) => v + 0)).toEqual(expected);
      await session.release();
    }
  });

  it('know the version of onnxruntime', () => expect(ortVersion).toMatch(/^\d+\.\d+\.\d+/));
});
