import { clone } from '@bufbuild/protobuf';
import { AttributeProtoSchema } from 'onnx-buf';
import type { AttributeProto, FunctionProto, ModelProto, NodeProto } from 'onnx-buf';
import { UserError } from '../../shared/errors.ts';
import { renamed } from './rename.ts';
import { bodiesOf, nodesWithin } from './walk.ts';

const keyOf = (domain: string, name: string, overload: string) => `${domain === 'ai.onnx' ? '' : domain}:${name}:${overload}`;
const version = (list: readonly { domain: string; version: bigint }[]) =>
  list.find((o) => o.domain === '' || o.domain === 'ai.onnx')?.version;

/**
 * Nodes with every call of a model-local function replaced by the function's own nodes (ONNX IR, section "Functions"), as
 * PyTorch's and Keras' newer exporters write them. A function in another version of the operator set than the model stays a
 * call: its nodes would mean something else here.
 * @throws UserError where functions call each other in a circle, or come to more than anybody could run
 */
export function inlineFunctions(model: ModelProto, nodes: readonly NodeProto[], file: string): NodeProto[] {
  demandBounded(model, nodes, file);
  const own = version(model.opsetImport);
  const known = new Map<string, FunctionProto>();
  for (const f of model.functions) if ((version(f.opsetImport) ?? own) === own) known.set(keyOf(f.domain, f.name, f.overload), f);
  if (known.size === 0) return [...nodes];
  let calls = 0;
  const expand = (node: NodeProto): NodeProto[] => {
    const f = known.get(keyOf(node.domain, node.opType, node.overload));
    return f ? call(node, f, `${node.name || node.opType}/${++calls}/`).flatMap(expand) : [node];
  };
  return nodes.flatMap(expand);
}

/** Nodes that a model may come to, and calls inside one another: published ones have thousands, and some twenty. */
const MOST_NODES = 1_000_000;
const MOST_CALLS = 100;

/** What a function comes to when every call in it is written out. */
interface Extent {
  nodes: number;
  depth: number;
}

/** Ten functions that call the next one ten times each come to 10^10 nodes, so they are counted before any is written out, by us or by onnxruntime. */
function demandBounded(model: ModelProto, nodes: readonly NodeProto[], file: string): void {
  const functions = new Map(model.functions.map((f) => [keyOf(f.domain, f.name, f.overload), f]));
  if (functions.size === 0) return;
  const known = new Map<FunctionProto, Extent>();
  const open = new Set<FunctionProto>();
  const extentOf = (list: readonly NodeProto[]): Extent => {
    const sum = { nodes: 0, depth: 0 };
    for (const node of nodesWithin(list)) {
      const f = functions.get(keyOf(node.domain, node.opType, node.overload));
      const inner = f ? called(f) : { nodes: 0, depth: 0 };
      sum.nodes += 1 + inner.nodes;
      sum.depth = Math.max(sum.depth, inner.depth);
    }
    return sum;
  };
  const called = (f: FunctionProto): Extent => {
    const before = known.get(f);
    if (before) return before;
    if (open.has(f)) throw new UserError(`${file} cannot be used: its function ${f.name} calls itself, which ONNX does not allow.`);
    if (open.size >= MOST_CALLS) throw tooDeep(file);
    open.add(f);
    const { nodes: count, depth } = extentOf(f.node);
    open.delete(f);
    const extent = { nodes: count, depth: depth + 1 };
    known.set(f, extent);
    return extent;
  };
  const { nodes: count, depth } = extentOf(nodes);
  if (depth > MOST_CALLS) throw tooDeep(file);
  if (count > MOST_NODES)
    throw new UserError(`${file} is too large: with its functions written out it has more than ${MOST_NODES.toLocaleString('en')} nodes.`);
}

const tooDeep = (file: string) => new UserError(`${file} cannot be used: its functions call one another more than ${MOST_CALLS} deep.`);

/** One call: arguments take the place of parameters, values inside get names of their own. */
function call(node: NodeProto, f: FunctionProto, prefix: string): NodeProto[] {
  const names = new Map<string, string>();
  f.input.forEach((parameter, i) => names.set(parameter, node.input[i] ?? ''));
  f.output.forEach((result, i) => names.set(result, node.output[i] || prefix + result));
  const name = (old: string) => names.get(old) ?? prefix + old;
  const given = new Map([...f.attributeProto, ...node.attribute].map((a) => [a.name, a]));
  const body = f.node.map((inner) => {
    const copy = renamed(inner, name);
    copy.name = prefix + (copy.name || copy.opType);
    bind(copy, given);
    return copy;
  });
  return body;
}

/** Attributes that refer to those of the call get their values, or fall away where the call has none. */
function bind(node: NodeProto, given: ReadonlyMap<string, AttributeProto>): void {
  node.attribute = node.attribute.flatMap((a) => {
    if (!a.refAttrName) {
      for (const body of bodiesOf(a)) for (const inner of body.node) bind(inner, given);
      return [a];
    }
    const value = given.get(a.refAttrName);
    return value ? [Object.assign(clone(AttributeProtoSchema, value), { name: a.name })] : [];
  });
}
