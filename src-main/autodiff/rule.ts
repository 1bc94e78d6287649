import { clone, create } from '@bufbuild/protobuf';
import { NodeProtoSchema } from 'onnx-buf';
import type { NodeProto } from 'onnx-buf';
import { UserError } from '../../shared/errors.ts';
import { attribute, DType, nodeLabel, operatorName } from '../graph/index.ts';
import type { AttributeValue, GraphBuilder, NodeOptions, ValueFacts } from '../graph/index.ts';

/**
 * The adjoint of one operator: given the gradient `dy` of each output, emits nodes and names the gradient
 * of each input, in the order of the inputs. `null` means that the derivative is zero; an input left out of the list
 * that turns out to depend on the image is refused rather than taken for constant.
 */
export type Rule = (ctx: RuleContext) => (string | null)[];
export type Rules = Record<string, Rule>;

/** What a rule sees of its node, and the pen it writes with. Values are named; shapes are fixed numbers. */
export class RuleContext {
  readonly builder: GraphBuilder;
  /** Gradient of each output; null where none reaches it. */
  readonly dys: (string | null)[];
  /** Straight-through operators that the rule made use of. */
  readonly straightThrough: Set<string>;
  private current: NodeProto;
  private readonly place: number | null;
  private readonly around: Surroundings;

  /** @param place where the node stands in the graph; null for one that stands in for another (see `standIn`) */
  constructor(builder: GraphBuilder, node: NodeProto, place: number | null, dys: (string | null)[], around: Surroundings) {
    this.builder = builder;
    this.place = place;
    this.current = node;
    this.dys = dys;
    this.around = around;
    this.straightThrough = around.straightThrough;
  }

  get node(): NodeProto {
    return this.current;
  }
  /** Gradient of the first output: what most operators have. */
  get dy(): string {
    return this.dys[0]!;
  }
  /** Name of input i, '' where it is left out. */
  x(i = 0): string {
    return this.node.input[i] ?? '';
  }
  y(i = 0): string {
    return this.node.output[i] ?? '';
  }
  /** Whether a gradient is wanted for input i. Rules with several inputs ask before they emit. */
  needs(i: number): boolean {
    return this.around.active.has(this.x(i));
  }
  /** The one node through which all of a value's gradient flows back; null where there are several, or it is differentiated itself. */
  soleReader(value: string): NodeProto | null {
    const readers = this.around.consumers.get(value) ?? [];
    return readers.length === 1 && !this.around.ends.has(value) ? readers[0]! : null;
  }
  producer(value: string): NodeProto | undefined {
    return this.around.producers.get(value);
  }

  facts(value: string): ValueFacts {
    const facts = this.builder.facts.get(value);
    if (!facts) throw new Error(`no facts for value ${value} at ${operatorName(this.node)} ${nodeLabel(this.node)}`);
    return facts;
  }
  dims(value: string): number[] {
    return this.facts(value).dims;
  }
  type(value: string): DType {
    return this.facts(value).type as DType;
  }
  /** Element type of a value's gradient (see `gradientType`). */
  gradientType(value: string): DType {
    return gradientType(this.type(value));
  }
  /** Content of a constant input as numbers. @throws UserError where the model computes it from the image. */
  data(i: number): number[] {
    const data = this.facts(this.x(i)).data;
    if (!data) return this.refuse(`input ${i} is not constant`);
    return Array.from(data);
  }

  emit(op: string, inputs: readonly string[], attributes: Record<string, AttributeValue> = {}, options: NodeOptions = {}): string {
    return this.builder.node(op, inputs, attributes, { hint: 'd', ...options });
  }
  /** A scalar constant of the element type of a value's gradient. */
  scalar(number: number, like: string): string {
    return this.builder.scalar(number, this.gradientType(like));
  }
  ints(values: readonly number[]): string {
    return this.builder.ints(values);
  }

  // Arithmetic of derivatives. A number stands for a scalar of the type of gradients at this node.
  mul = (a: Operand, b: Operand): string => this.emit('Mul', [this.operand(a), this.operand(b)]);
  add = (a: Operand, b: Operand): string => this.emit('Add', [this.operand(a), this.operand(b)]);
  sub = (a: Operand, b: Operand): string => this.emit('Sub', [this.operand(a), this.operand(b)]);
  div = (a: Operand, b: Operand): string => this.emit('Div', [this.operand(a), this.operand(b)]);
  where = (condition: string, a: Operand, b: Operand): string => this.emit('Where', [condition, this.operand(a), this.operand(b)]);
  greater = (a: Operand, b: Operand): string => this.emit('Greater', [this.operand(a), this.operand(b)]);
  less = (a: Operand, b: Operand): string => this.emit('Less', [this.operand(a), this.operand(b)]);
  sum = (value: string, axes: readonly number[]): string => this.emit('ReduceSum', [value, this.ints(axes)], { keepdims: 1 });
  mean = (value: string, axes: readonly number[]): string => this.emit('ReduceMean', [value, this.ints(axes)], { keepdims: 1 });
  /** A value repeated, or a number filled, to a shape. */
  expand = (value: Operand, dims: readonly number[]): string => this.emit('Expand', [this.operand(value), this.ints(dims)]);

  private operand(value: Operand): string {
    return typeof value === 'number' ? this.scalar(value, this.y() || this.x()) : value;
  }

  /**
   * Name of output i of the forward node, which is made to have it where it does not:
   * MaxPool gives its indices only to those who ask.
   */
  output(i: number, facts: ValueFacts): string {
    if (this.y(i)) return this.y(i);
    const copy = clone(NodeProtoSchema, this.current);
    if (this.place === null) throw new Error(`${operatorName(this.node)} stands in for another node, so it has no output ${i}`);
    while (copy.output.length <= i) copy.output.push('');
    const name = this.builder.fresh('saved');
    copy.output[i] = name;
    this.builder.facts.set(name, facts);
    this.builder.graph.nodes[this.place] = copy;
    this.current = copy;
    return name;
  }

  /**
   * The same derivative asked of another node, which is not in the graph but does what this one does, in other numbers.
   * Facts of its inputs and output must be known.
   * @param active inputs that a gradient is wanted for
   */
  standIn(
    op: string,
    inputs: string[],
    attributes: Record<string, AttributeValue>,
    output: string,
    dy: string,
    active: ReadonlySet<string>,
  ): RuleContext {
    const list = Object.entries(attributes).map(([name, value]) => attribute(name, value));
    const node = create(NodeProtoSchema, { opType: op, name: nodeLabel(this.node), input: inputs, output: [output], attribute: list });
    return new RuleContext(this.builder, node, null, [dy], { ...this.around, active });
  }

  /** @throws UserError that names the operator, the node and the reason. */
  refuse(reason: string): never {
    throw new UserError(`No gradient rule for ${operatorName(this.node)} at node ${nodeLabel(this.node)}: ${reason}.`);
  }
}

/**
 * A value's gradient is in float32, also that of a quantised value (per step of its integer) and that of one in 16 bits,
 * where a gradient would under- or overflow; in float64 where the value is.
 */
export function gradientType(type: number): DType {
  return type === DType.float64 ? DType.float64 : DType.float32;
}

/** A value's name, or a number. */
export type Operand = string | number;

/** What the walk over the graph knows beyond the single node. */
export interface Surroundings {
  /** Values that a gradient flows through. */
  active: ReadonlySet<string>;
  /** Nodes on the differentiated path that read a value. */
  consumers: ReadonlyMap<string, NodeProto[]>;
  producers: ReadonlyMap<string, NodeProto>;
  /** Values that the request gives a gradient for. */
  ends: ReadonlySet<string>;
  straightThrough: Set<string>;
}
