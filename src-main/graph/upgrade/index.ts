import { create } from '@bufbuild/protobuf';
import { ModelProtoSchema, NodeProtoSchema, OperatorSetIdProtoSchema } from 'onnx-buf';
import type { NodeProto } from 'onnx-buf';
import { GraphBuilder, WORKING_OPSET } from '../builder.ts';
import { nodeLabel, operatorName, opset } from '../ir.ts';
import type { Graph, ValueFacts } from '../ir.ts';
import { bodiesOf } from '../walk.ts';
import { attention } from './attention.ts';
import { axes } from './axes.ts';
import { broadcast } from './broadcast.ts';
import { channelsLast } from './channelsLast.ts';
import { unroll } from './control.ts';
import { cumulative } from './cumulative.ts';
import { deformable } from './deformConv.ts';
import { experimental } from './experimental.ts';
import { fourier } from './fourier.ts';
import { fused } from './fused.ts';
import { geometry } from './geometry.ts';
import { sampling } from './gridSample.ts';
import { inputs } from './inputs.ts';
import { Lift } from './lift.ts';
import type { Lifter, Lifters } from './lift.ts';
import { losses } from './losses.ts';
import { misc } from './misc.ts';
import { recurrents } from './recurrent.ts';
import { resize } from './resize.ts';
import { regions } from './roiAlign.ts';
import { rotation } from './rotary.ts';
import { softmax } from './softmax.ts';
import { widen } from './widen.ts';

export { unrolled } from './control.ts';
export { whyLeft } from './courses.ts';
export { fold } from './fold.ts';
export { withoutBfloat16 } from './widen.ts';

const table = (...families: Lifters[]) => new Map<string, Lifter>(families.flatMap((family) => Object.entries(family)));

/** Operators whose form or meaning changed on the way to opset 18. All others are written today as they were. */
const FORMS = table(axes, broadcast, experimental, inputs, misc, resize, softmax);
/** Operators that are better differentiated as what they are made of. */
const PARTS = table(
  attention,
  channelsLast,
  cumulative,
  deformable,
  fourier,
  fused,
  geometry,
  losses,
  recurrents,
  regions,
  rotation,
  sampling,
);

/** Operators that `upgrade` writes as others whatever version they come in; those of other domains as `domain:Operator`. */
export function decomposedOperators(): string[] {
  return [...FORMS, ...PARTS].flatMap(([op, { since }]) => (since === Infinity ? [op] : [])).sort();
}

/**
 * The same model in the forms of opset 18 (models of 18 and later keep their version), so that nothing after this knows
 * older forms, computing in float32 where it computed in 16 bits (see `widen`). Values keep their names. Needs the dimensions of the model's values (see `traceFacts`).
 * Of other domains only onnxruntime's fused operators are taken apart.
 *
 * @throws UserError naming operator and node for what has no newer form.
 */
export function upgrade(original: Graph, facts: ReadonlyMap<string, ValueFacts>): Graph {
  const graph = unroll(original, facts);
  const version = opset(graph);
  const domains = graph.model.opsetImport.filter((o) => o.domain !== '' && o.domain !== 'ai.onnx');
  const own = create(OperatorSetIdProtoSchema, { domain: '', version: BigInt(Math.max(version, WORKING_OPSET)) });
  const irVersion = graph.model.irVersion < 8n ? 8n : graph.model.irVersion;
  const model = Object.assign(create(ModelProtoSchema), graph.model, { opsetImport: [own, ...domains], irVersion });
  const builder = new GraphBuilder({ ...graph, model, initializers: new Map(graph.initializers) });
  builder.graph.nodes = [];
  for (const written of graph.nodes) {
    const node = plain(written, version);
    builder.origin = nodeLabel(node);
    const lift = new Lift(node, version, builder, facts);
    refuseOldBodies(lift);
    const lifter = lifterOf(node, version);
    if (lifter) lifter.lift(lift);
    else lift.keep();
  }
  return widen(builder.graph);
}

/** What a node needs; nothing where its form is the newest. */
function lifterOf(node: NodeProto, version: number): Lifter | undefined {
  const lifter = FORMS.get(operatorName(node)) ?? PARTS.get(operatorName(node));
  return lifter && version < lifter.since ? lifter : undefined;
}

/** ONNX's domain has two spellings, and before version 6 an attribute that only spoke of memory. */
function plain(node: NodeProto, version: number): NodeProto {
  const old = version < 6 && node.attribute.some((a) => a.name === 'consumed_inputs');
  if (node.domain !== 'ai.onnx' && !old) return node;
  const attribute = node.attribute.filter((a) => a.name !== 'consumed_inputs');
  return Object.assign(create(NodeProtoSchema), node, { domain: node.domain === 'ai.onnx' ? '' : node.domain, attribute });
}

/** Bodies of If, Loop and Scan are in the model's operator set, too; their shapes are not known, so they must not need a change. */
function refuseOldBodies(lift: Lift): void {
  for (const a of lift.node.attribute)
    for (const body of bodiesOf(a))
      for (const inner of body.node)
        if (FORMS.has(operatorName(inner)) && lifterOf(inner, lift.version)) lift.refuse(`its body uses ${inner.opType}`);
}
