import { float, int, ints } from '../attributes.ts';
import { DType } from '../ir.ts';
import { elementCount } from '../tensors.ts';
import type { Lift, Lifters } from './lift.ts';

/** What makes an attention: queries, keys and values as [batch, heads, length, size]. */
interface Heads {
  q: string;
  k: string;
  v: string;
  /** Factor of q k'; 1 / sqrt(size) where the node says none. */
  scale: number;
  /** Added to the scores: float, broadcastable to [batch, heads, queries, keys]. */
  bias?: string;
  /** Where a query may look at a key, broadcastable likewise. A query that may look at none gets zeros. */
  keep?: string;
  /** Lengths, where a query may only look at keys up to its own place. */
  causal?: { queries: number; keys: number };
  softcap?: number;
}

/** softmax(scale q k' + bias) v (Vaswani et al. 2017, equation 1), [batch, heads, queries, size]. */
function attend(lift: Lift, { q, k, v, scale, bias, keep = '', causal, softcap }: Heads): string {
  const like = lift.x(0);
  let scores = lift.emit('MatMul', [lift.emit('Mul', [q, lift.scalar(scale, like)]), lift.emit('Transpose', [k], { perm: [0, 1, 3, 2] })]);
  if (softcap)
    scores = lift.emit('Mul', [
      lift.emit('Tanh', [lift.emit('Mul', [scores, lift.scalar(1 / softcap, like)])]),
      lift.scalar(softcap, like),
    ]);
  if (bias) scores = lift.emit('Add', [scores, bias]);
  let seen = keep;
  if (causal) {
    const upTo = Array.from({ length: causal.queries * causal.keys }, (_, i) => (i % causal.keys <= Math.floor(i / causal.keys) ? 1 : 0));
    const mask = lift.builder.constant(upTo, [causal.queries, causal.keys], DType.bool, 'causal');
    seen = keep ? lift.emit('And', [keep, mask]) : mask;
  }
  if (seen) scores = lift.emit('Where', [seen, scores, lift.scalar(-1e30, like)]);
  const shares = lift.emit('Softmax', [scores], { axis: -1 });
  // Up to its own place a query always has a key; of a mask's own there may be none, and then all shares were equal.
  return lift.emit('MatMul', [keep ? lift.emit('Where', [seen, shares, lift.scalar(0, like)]) : shares, v]);
}

/** float32's least: as far down as onnxruntime takes an entry of a mask for "not at all". */
const LEAST = -3.4028234663852886e38;

/** Which entries of a mask let through; '' where all of them are known to. */
function letThrough(lift: Lift, mask: string): string {
  if (!mask || lift.type(mask) === DType.bool) return mask;
  if (lift.content(mask)?.every((v) => v > LEAST)) return '';
  return lift.emit('Greater', [mask, lift.scalar(LEAST, mask)]);
}

/** [batch, length, heads size] to [batch, heads, length, size]; 0 keeps an axis as it is. */
const split = (lift: Lift, value: string, heads: number) =>
  lift.emit('Transpose', [lift.emit('Reshape', [value, lift.builder.ints([0, 0, heads, -1])])], { perm: [0, 2, 1, 3] });

/** And back, into the node's own output. */
function finish(lift: Lift, value: string): void {
  lift.finish('Reshape', [lift.emit('Transpose', [value], { perm: [0, 2, 1, 3] }), lift.builder.ints([0, 0, -1])]);
}

function refuseInputs(lift: Lift, names: Record<number, string>): void {
  for (const [i, name] of Object.entries(names)) if (lift.x(Number(i))) lift.refuse(`it has ${name}`);
  for (let i = 1; i < lift.node.output.length; i++) if (lift.has(i)) lift.refuse(`its output ${i} is in use`);
}

/** The parts of a value along its last axis. */
function parts(lift: Lift, value: string, sizes: number[]): string[] {
  const axis = lift.dims(value).length - 1;
  let at = 0;
  return sizes.map((size) => {
    const from = at;
    at += size;
    return lift.emit('Slice', [value, lift.builder.ints([from]), lift.builder.ints([at]), lift.builder.ints([axis])]);
  });
}

export const attention: Lifters = {
  /** Projection and attention in one: x [batch, length, in], weights [in, q + k + v]. */
  'com.microsoft:Attention': {
    since: Infinity,
    lift(lift) {
      refuseInputs(lift, { 3: 'a mask', 4: 'a past' });
      if (int(lift.node, 'do_rotary', 0)) lift.refuse('it turns its keys (do_rotary)');
      const all = lift.dims(lift.x(1))[1]!;
      const heads = int(lift.node, 'num_heads', 1);
      const sizes = ints(lift.node, 'qkv_hidden_sizes', [all / 3, all / 3, all / 3]);
      const weights = parts(lift, lift.x(1), sizes);
      const biases = lift.x(2) ? parts(lift, lift.x(2), sizes) : [];
      const [q, k, v] = weights.map((w, i) => {
        const plain = lift.emit('MatMul', [lift.x(0), w]);
        return split(lift, biases[i] ? lift.emit('Add', [plain, biases[i]]) : plain, heads);
      }) as [string, string, string];
      const length = lift.dims(lift.x(0))[1]!;
      const causal = int(lift.node, 'unidirectional', 0) ? { queries: length, keys: length } : undefined;
      const scale = float(lift.node, 'scale', 0) || 1 / Math.sqrt(sizes[0]! / heads);
      finish(lift, attend(lift, { q, k, v, scale, bias: lift.x(5), ...(causal ? { causal } : {}) }));
    },
  },

  /** Queries, keys and values [batch, length, hidden], projected already. */
  'com.microsoft:MultiHeadAttention': {
    since: Infinity,
    lift(lift) {
      refuseInputs(lift, { 4: 'a mask', 6: 'past keys', 7: 'past values' });
      if (!lift.x(1) || !lift.x(2) || [0, 1, 2].some((i) => lift.dims(lift.x(i)).length !== 3))
        lift.refuse('its queries, keys and values are packed');
      const heads = int(lift.node, 'num_heads', 1);
      const hidden = [0, 1, 2].map((i) => lift.dims(lift.x(i))[2]!);
      const biases = lift.x(3) ? parts(lift, lift.x(3), hidden) : [];
      const [q, k, v] = [0, 1, 2].map((i) => split(lift, biases[i] ? lift.emit('Add', [lift.x(i), biases[i]]) : lift.x(i), heads)) as [
        string,
        string,
        string,
      ];
      const causal = int(lift.node, 'unidirectional', 0)
        ? { queries: lift.dims(lift.x(0))[1]!, keys: lift.dims(lift.x(1))[1]! }
        : undefined;
      const scale = float(lift.node, 'scale', 0) || 1 / Math.sqrt(hidden[0]! / heads);
      finish(lift, attend(lift, { q, k, v, scale, bias: lift.x(5), ...(causal ? { causal } : {}) }));
    },
  },

  /** ONNX's own, from operator set 23 on: [batch, heads, length, size], or the heads behind each other in the last of three axes. */
  Attention: {
    since: Infinity,
    lift(lift) {
      refuseInputs(lift, { 4: 'past keys', 5: 'past values', 6: 'lengths' });
      const { node } = lift;
      const flat = lift.dims(lift.x(0)).length === 3;
      const heads = flat
        ? [int(node, 'q_num_heads', 1), int(node, 'kv_num_heads', 1)]
        : [lift.dims(lift.x(0))[1]!, lift.dims(lift.x(1))[1]!];
      const [queryHeads, keyHeads] = heads as [number, number];
      const [batch] = lift.dims(lift.x(0)) as [number];
      const lengths = [0, 1].map((i) => lift.dims(lift.x(i))[flat ? 1 : 2]!) as [number, number];
      const size = flat ? lift.dims(lift.x(0))[2]! / queryHeads : lift.dims(lift.x(0))[3]!;
      const laid = (i: number) => (flat ? split(lift, lift.x(i), i === 0 ? queryHeads : keyHeads) : lift.x(i));
      // Several queries may share one key: it is repeated.
      const shared = (value: string, width: number) => {
        if (queryHeads === keyHeads) return value;
        const open = lift.emit('Reshape', [value, lift.builder.ints([batch, keyHeads, 1, lengths[1], width])]);
        const copied = lift.emit('Expand', [open, lift.builder.ints([batch, keyHeads, queryHeads / keyHeads, lengths[1], width])]);
        return lift.emit('Reshape', [copied, lift.builder.ints([batch, queryHeads, lengths[1], width])]);
      };
      const width = elementCount(lift.dims(lift.x(2))) / (batch * keyHeads * lengths[1]);
      const mask = lift.x(3);
      const out = attend(lift, {
        q: laid(0),
        k: shared(laid(1), size),
        v: shared(laid(2), width),
        scale: float(node, 'scale', 0) || 1 / Math.sqrt(size),
        bias: mask && lift.type(mask) !== DType.bool ? mask : '',
        keep: letThrough(lift, mask),
        softcap: float(node, 'softcap', 0),
        ...(int(node, 'is_causal', 0) ? { causal: { queries: lengths[0], keys: lengths[1] } } : {}),
      });
      if (flat) finish(lift, out);
      else lift.finish('Identity', [out]);
    },
  },
};
