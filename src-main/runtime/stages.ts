import { create } from '@bufbuild/protobuf';
import { NodeProtoSchema, ValueInfoProtoSchema } from 'onnx-buf';
import type { NodeProto } from 'onnx-buf';
import { DType, producersOf, readsOf, saveGraph, valueInfo } from '../graph/index.ts';
import type { Graph, ValueFacts } from '../graph/index.ts';
import { sizeFollows } from './constants.ts';
import { openSession } from './ort.ts';
import { numbersOf, zeros } from './values.ts';

/** Type and dimensions of a value; null: not known yet. */
export type Inferred = Map<string, { type: number; dims: number[] | null }>;

/** Rounds after which running the network once is cheaper than going on. */
const MOST = 32;

/**
 * Finds out dimensions that onnxruntime infers only by running, without running the network: the first nodes whose dimensions are
 * unknown run by themselves, on zeros; with what they tell, onnxruntime infers further, up to the next ones. What follows from
 * content, as the places that are not zero do, stays unknown.
 *
 * @param known what was inferred of the whole graph; what is found is added
 * @param constant names of values that no pixel reaches
 * @param infer asks onnxruntime for the values of a part of the graph
 */
export async function inferInStages(
  graph: Graph,
  known: Inferred,
  facts: Map<string, ValueFacts>,
  constant: ReadonlySet<string>,
  infer: (part: Graph) => Promise<Inferred>,
): Promise<void> {
  const cut = new Cut(graph, known, facts, constant);
  for (let round = 0; round < MOST; round++) {
    const open = cut.unknown();
    const ready = open.filter((node) => sizeFollows(node, constant) && readsOf(node).every((name) => cut.isKnown(name)));
    if (ready.length === 0) return;
    await cut.measure(ready);
    const rest = cut.part(cut.unknown());
    if (rest.nodes.length === 0) return;
    for (const [name, { type, dims }] of await infer(rest))
      if (dims !== null && known.get(name)?.dims === null) known.set(name, { type, dims });
  }
}

/** Parts of a graph that begin at values of known dimensions. */
export class Cut {
  private readonly graph: Graph;
  private readonly known: Inferred;
  private readonly facts: Map<string, ValueFacts>;
  private readonly constant: ReadonlySet<string>;
  private readonly producers: ReadonlyMap<string, NodeProto>;

  constructor(graph: Graph, known: Inferred, facts: Map<string, ValueFacts>, constant: ReadonlySet<string>) {
    this.graph = graph;
    this.known = known;
    this.facts = facts;
    this.constant = constant;
    this.producers = producersOf(graph.nodes);
  }

  unknown(): NodeProto[] {
    return this.graph.nodes.filter((node) => node.output.some((name) => this.known.get(name)?.dims === null));
  }

  /** Whether a value can be made by what is known: its dimensions, or for a constant what it is computed of. */
  isKnown(name: string): boolean {
    if (name === '' || this.facts.has(name)) return true;
    if (!this.constant.has(name)) return (this.known.get(name)?.dims ?? null) !== null;
    return this.producers.get(name)?.input.every((input) => this.isKnown(input)) ?? false;
  }

  /** Those nodes, the constants that they read, and inputs for the rest. */
  part(nodes: readonly NodeProto[]): Graph {
    const kept = new Set(nodes);
    const inputs = new Map<string, { type: number; dims: number[] }>();
    const seen = new Set<string>();
    const need = (name: string): void => {
      if (name === '' || seen.has(name) || this.graph.initializers.has(name)) return;
      seen.add(name);
      const producer = this.producers.get(name);
      if (producer && kept.has(producer)) return;
      if (producer && this.constant.has(name)) {
        kept.add(producer);
        readsOf(producer).forEach(need);
        return;
      }
      const { type, dims } = this.known.get(name) ?? this.facts.get(name)!;
      if (dims !== null) inputs.set(name, { type, dims });
    };
    for (const node of nodes) readsOf(node).forEach(need);
    const order = this.graph.nodes.filter((node) => kept.has(node));
    const read = new Set(order.flatMap(readsOf));
    return {
      ...this.graph,
      nodes: order,
      inputs: [...inputs].map(([name, { type, dims }]) => valueInfo(name, type, dims)),
      outputs: [],
      initializers: new Map([...this.graph.initializers].filter(([name]) => read.has(name))),
    };
  }

  /** Runs nodes on zeros for the dimensions of what they put out. */
  async measure(nodes: readonly NodeProto[]): Promise<void> {
    const names = nodes.flatMap((node) => node.output.filter((name) => this.known.get(name)?.dims === null));
    const probe = this.part(nodes);
    const shape = (name: string) => `hl_shape_of:${name}`;
    probe.nodes = [
      ...probe.nodes,
      ...names.map((name) => create(NodeProtoSchema, { opType: 'Shape', name: shape(name), input: [name], output: [shape(name)] })),
    ];
    probe.outputs = names.map((name) => valueInfo(shape(name), DType.int64, ['?']));
    const out = await this.run(probe);
    for (const name of names) this.known.set(name, { type: this.known.get(name)!.type, dims: Array.from(numbersOf(out[shape(name)]!)) });
  }

  /** What constants hold. */
  async contents(names: readonly string[]): Promise<Map<string, ReturnType<typeof numbersOf>>> {
    const probe = this.part([...new Set(names.map((name) => this.producers.get(name)!))]);
    probe.outputs = names.map((name) => create(ValueInfoProtoSchema, { name }));
    const out = await this.run(probe);
    return new Map(names.map((name) => [name, numbersOf(out[name]!)]));
  }

  private async run(probe: Graph) {
    const session = await openSession(saveGraph(probe), { optimize: false });
    try {
      const fed = new Map(probe.inputs.map(({ name }) => [name, this.known.get(name) ?? this.facts.get(name)!]));
      return await session.run(
        Object.fromEntries(session.inputNames.map((name) => [name, zeros(fed.get(name)!.type, fed.get(name)!.dims!)])),
      );
    } finally {
      await session.release();
    }
  }
}
