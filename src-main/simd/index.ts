import { WASM } from './loops.wasm.ts';

/**
 * What attacks do with every value of a picture, several values at a time (assembly/loops.ts). A picture is taken a slot at a time,
 * so that its values are in the nearest cache, and of a photograph of any size no more is copied than that. Arrays of one call are
 * equally long. Sums are the same on every machine, but not those of a loop in index order.
 */

/** Node has it; its types of this version do not. */
declare const WebAssembly: { Module: new (bytes: Uint8Array) => object; Instance: new (module: object) => { exports: unknown } };

type Sum = (n: number) => number;
type ScaledSum = (n: number, by: number) => number;
type Scaled = (n: number, by: number) => void;

interface Loops {
  memory: { buffer: ArrayBuffer };
  SLOT: { value: number };
  begin(): number;
  place(n: number): void;
  nought: Sum;
  squares: Sum;
  sizes: Sum;
  scale: Scaled;
  addScaled: Scaled;
  addSigns: Scaled;
  clip: Scaled;
  boxedSquares: ScaledSum;
  boxedScale: Scaled;
  boxedSizes: ScaledSum;
  boxedShrink: Scaled;
  slope(): number;
  movable(n: number): void;
  addSignsAbove(n: number, by: number, least: number): number;
  pack(n: number): number;
  farthest: Sum;
  addTap(n: number, weight: number, first: number): void;
  taps(n: number): void;
  WEIGHTS: { value: number };
  beginOfSpans(): number;
  beginOfWeights(): number;
  weigh(n: number): void;
}

const loops = new WebAssembly.Instance(new WebAssembly.Module(Buffer.from(WASM, 'base64'))).exports as Loops;
const SLOT = loops.SLOT.value;
const [a, b, c] = [0, 1, 2].map((slot) => new Float32Array(loops.memory.buffer, loops.begin() + slot * SLOT * 4, SLOT)) as [
  Float32Array,
  Float32Array,
  Float32Array,
];

const spansOf = new Uint32Array(loops.memory.buffer, loops.beginOfSpans(), 2 * SLOT);
const weightsOf = new Float64Array(loops.memory.buffer, loops.beginOfWeights(), loops.WEIGHTS.value);

/** Puts a part of an array into a slot, with zeros up to a multiple of four. @returns how many values a loop has to walk */
function load(slot: Float32Array, values: Float32Array, from: number, to: number): number {
  const n = to - from;
  slot.set(from === 0 && to === values.length ? values : values.subarray(from, to));
  if (n % 4 === 0) return n;
  const end = n + 4 - (n % 4);
  slot.fill(0, n, end);
  return end;
}

function store(slot: Float32Array, out: Float32Array, from: number, to: number): void {
  out.set(slot.subarray(0, to - from), from);
}

/** A loop over one array, which it changes. */
function change(values: Float32Array, loop: (n: number) => void): void {
  for (let at = 0; at < values.length; at += SLOT) {
    const end = Math.min(values.length, at + SLOT);
    loop(load(a, values, at, end));
    store(a, values, at, end);
  }
}

/** A loop over two, which changes the first. */
function changeBy(values: Float32Array, others: Float32Array, loop: (n: number) => void): void {
  for (let at = 0; at < values.length; at += SLOT) {
    const end = Math.min(values.length, at + SLOT);
    load(b, others, at, end);
    loop(load(a, values, at, end));
    store(a, values, at, end);
  }
}

function total(values: Float32Array, loop: Sum): number {
  let sum = 0;
  for (let at = 0; at < values.length; at += SLOT) sum += loop(load(a, values, at, Math.min(values.length, at + SLOT)));
  return sum;
}

/** A sum over δ and the clean picture and its slope, into out[0] and out[1]. */
function boxed(delta: Float32Array, clean: Float32Array, loop: Sum, out: Float64Array): void {
  let [sum, slope] = [0, 0];
  for (let at = 0; at < delta.length; at += SLOT) {
    const end = Math.min(delta.length, at + SLOT);
    load(b, clean, at, end);
    sum += loop(load(a, delta, at, end));
    slope += loops.slope();
  }
  out[0] = sum;
  out[1] = slope;
}

/** out ← clip(clean + δ, 0, 1) */
export function place(clean: Float32Array, delta: Float32Array, out: Float32Array): void {
  for (let at = 0; at < clean.length; at += SLOT) {
    const end = Math.min(clean.length, at + SLOT);
    load(b, delta, at, end);
    loops.place(load(a, clean, at, end));
    store(c, out, at, end);
  }
}

/** Whether there is neither NaN nor infinity: 0 · x is NaN for both, so one sum tells. */
export function allFinite(values: Float32Array): boolean {
  return total(values, loops.nought) === 0;
}

/** Σ v² */
export function sumOfSquares(values: Float32Array): number {
  return total(values, loops.squares);
}

/** Σ |v| */
export function sumOfSizes(values: Float32Array): number {
  return total(values, loops.sizes);
}

/** values ← by · values */
export function scale(values: Float32Array, by: number): void {
  change(values, (n) => loops.scale(n, by));
}

/** values ← values + by · others */
export function addScaled(values: Float32Array, by: number, others: Float32Array): void {
  changeBy(values, others, (n) => loops.addScaled(n, by));
}

/** values ← values + by · sign(others) */
export function addSigns(values: Float32Array, by: number, others: Float32Array): void {
  changeBy(values, others, (n) => loops.addSigns(n, by));
}

/** δ ← clip(δ, -min(clean, most), min(1 - clean, most)): what the box and a bound on every feature leave of it. */
export function clip(delta: Float32Array, clean: Float32Array, most: number): void {
  changeBy(delta, clean, (n) => loops.clip(n, most));
}

/** Σ min(squared · δ², room²), room being how far the box lets a feature move the way it goes, and the slope in `squared`. */
export function boxedSquares(delta: Float32Array, clean: Float32Array, squared: number, out: Float64Array): void {
  boxed(delta, clean, (n) => loops.boxedSquares(n, squared), out);
}

/** |δ| ← min(by · |δ|, room) */
export function boxedScale(delta: Float32Array, clean: Float32Array, by: number): void {
  changeBy(delta, clean, (n) => loops.boxedScale(n, by));
}

/** Σ min(max(|δ| - less, 0), room), and how many of its terms fall as `less` grows. */
export function boxedSizes(delta: Float32Array, clean: Float32Array, less: number, out: Float64Array): void {
  boxed(delta, clean, (n) => loops.boxedSizes(n, less), out);
}

/** |δ| ← min(max(|δ| - less, 0), room) */
export function boxedShrink(delta: Float32Array, clean: Float32Array, less: number): void {
  changeBy(delta, clean, (n) => loops.boxedShrink(n, less));
}

/** out ← |gradient| of a feature that a descent can move, 0 of one that the box holds where it is. */
export function movable(delta: Float32Array, gradient: Float32Array, clean: Float32Array, out: Float32Array): void {
  for (let at = 0; at < delta.length; at += SLOT) {
    const end = Math.min(delta.length, at + SLOT);
    load(b, gradient, at, end);
    load(c, clean, at, end);
    loops.movable(load(a, delta, at, end));
    store(a, out, at, end);
  }
}

/** values ← values + by · sign(others) where `sizes` is above `least`. @returns how many those are */
export function addSignsAbove(values: Float32Array, by: number, others: Float32Array, sizes: Float32Array, least: number): number {
  let above = 0;
  for (let at = 0; at < values.length; at += SLOT) {
    const end = Math.min(values.length, at + SLOT);
    load(b, others, at, end);
    load(c, sizes, at, end);
    above += loops.addSignsAbove(load(a, values, at, end), by, least);
    store(a, values, at, end);
  }
  return above;
}

/** The values that are not 0, and what stands beside them, in the front of `into` and `beside`. @returns how many */
export function pack(values: Float32Array, others: Float32Array, into: Float32Array, beside: Float32Array): number {
  let count = 0;
  for (let at = 0; at < values.length; at += SLOT) {
    const end = Math.min(values.length, at + SLOT);
    load(b, others, at, end);
    const kept = loops.pack(load(a, values, at, end));
    store(a, into, count, count + kept);
    store(b, beside, count, count + kept);
    count += kept;
  }
  return count;
}

/** max |p - q| */
export function farthest(p: Float32Array, q: Float32Array): number {
  let most = 0;
  for (let at = 0; at < p.length; at += SLOT) {
    const end = Math.min(p.length, at + SLOT);
    load(b, q, at, end);
    most = Math.max(most, loops.farthest(load(a, p, at, end)));
  }
  return most;
}

/**
 * out[to..] ← Σ_k weights[k] · x[from + k · tap ..], `count` values each, k from `first` to before `last`: one row of a banded
 * matrix with the rows of a plane.
 */
export function weightedRows(
  x: Float32Array,
  from: number,
  tap: number,
  weights: Float64Array,
  first: number,
  last: number,
  out: Float32Array,
  to: number,
  count: number,
): void {
  if (first === last) return void out.fill(0, to, to + count);
  for (let at = 0; at < count; at += SLOT) {
    const size = Math.min(count - at, SLOT);
    let n = 0;
    for (let k = first, row = from + at; k < last; k++, row += tap) {
      n = load(a, x, row, row + size);
      loops.addTap(n, weights[k]!, k === first ? 1 : 0);
    }
    loops.taps(n);
    store(b, out, to + at, to + at + size);
  }
}

/** A banded matrix: output o reads the inputs from first[o] on with the weights from start[o] to before start[o + 1]. */
export interface Banded {
  to: number;
  first: Int32Array;
  start: Int32Array;
  weights: Float64Array;
}

/** Every row of x, `width` values each, times the transpose of a banded matrix, into `out`: as many outputs at a time as fit. */
export function weightedColumns(x: Float32Array, width: number, { to, first, start, weights }: Banded, out: Float32Array): void {
  for (let from = 0, end = 0; from < to; from = end) {
    let [low, high] = [Infinity, 0];
    for (; end < to && end - from < SLOT && start[end + 1]! - start[from]! <= weightsOf.length; end++) {
      const count = start[end + 1]! - start[end]!;
      const [lower, upper] = count === 0 ? [low, high] : [Math.min(low, first[end]!), Math.max(high, first[end]! + count)];
      if (upper - lower > SLOT) break;
      [low, high] = [lower, upper];
      spansOf[2 * (end - from) + 1] = count;
    }
    if (end === from) {
      weighAlone(x, width, first[from]!, weights.subarray(start[from], start[from + 1]), out.subarray(from), to);
      end++;
      continue;
    }
    for (let o = from; o < end; o++) spansOf[2 * (o - from)] = spansOf[2 * (o - from) + 1] === 0 ? 0 : first[o]! - low;
    weightsOf.set(weights.subarray(start[from], start[end]));
    for (let row = 0, put = from; row < x.length; row += width, put += to) {
      if (high > low) load(a, x, row + low, row + high);
      loops.weigh(end - from);
      store(b, out, put, put + end - from);
    }
  }
}

/** One output of every row, whose inputs are more than a slot has. */
function weighAlone(x: Float32Array, width: number, first: number, weights: Float64Array, out: Float32Array, to: number): void {
  for (let row = first, put = 0; row < x.length; row += width, put += to) {
    let sum = 0;
    for (let k = 0; k < weights.length; k++) sum += weights[k]! * x[row + k]!;
    out[put] = sum;
  }
}
