import { clone } from '@bufbuild/protobuf';
import { AttributeProtoSchema } from 'onnx-buf';
import type { AttributeProto, FunctionProto, ModelProto, NodeProto } from 'onnx-buf';
import { renamed } from './rename.ts';

const keyOf = (domain: string, name: string, overload: string) => `${domain === 'ai.onnx' ? '' : domain}:${name}:${overload}`;
const version = (list: readonly { domain: string; version: bigint }[]) => list.find((o) => o.domain === '' || o.domain === 'ai.onnx')?.version;

/**
 * Nodes with every call of a model-local function replaced by the function's own nodes (ONNX IR, section "Functions"), as
 * PyTorch's and Keras' newer exporters write them. A function in another version of the operator set than the model stays a
 * call: its nodes would mean something else here.
 */
export function inlineFunctions(model: ModelProto, nodes: readonly NodeProto[]): NodeProto[] {
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
      for (const body of a.g ? [a.g, ...a.graphs] : a.graphs) for (const inner of body.node) bind(inner, given);
      return [a];
    }
    const value = given.get(a.refAttrName);
    return value ? [Object.assign(clone(AttributeProtoSchema, value), { name: a.name })] : [];
  });
}
