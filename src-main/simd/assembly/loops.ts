/**
 * Loops over the values of a picture, in AssemblyScript. A processor does four float32 or two float64 at a time in them and never
 * guesses a branch, where signs of gradients would let it guess wrong every second time. What is rounded to float32 is worked out
 * in float64 first, as JavaScript does it. `npm run loops` compiles this file into ../loops.wasm.ts.
 *
 * Every loop walks the first n values, a multiple of 4, of the slots a, b and c. A sum has two lanes: the same on every machine.
 */

/** Values of a slot: all four slots stay in a core's own cache. */
export const SLOT: i32 = 8192;
const BYTES: usize = 4 * 8192;
const a: usize = memory.data(4 * 4 * 8192, 16);
const b: usize = a + BYTES;
const c: usize = b + BYTES;

/** Where slot a begins, in bytes; b and c follow, then a fourth that only `addTap` needs. */
export function begin(): usize {
  return a;
}

const ZERO = f64x2.splat(0);
const ONE = f64x2.splat(1);
const SIGN = f64x2.splat(-0.0);
const ONES = f32x4.splat(1);

/** Two float32 as float64. */
@inline
function two(at: usize): v128 {
  return f64x2.promote_low_f32x4(v128.load64_zero(at));
}

@inline
function put(at: usize, values: v128): void {
  v128.store64_lane(at, f32x4.demote_f64x2_zero(values), 0);
}

@inline
function both(sum: v128): f64 {
  return f64x2.extract_lane(sum, 0) + f64x2.extract_lane(sum, 1);
}

/** 1 or -1, by the sign bit. */
@inline
function way(values: v128): v128 {
  return v128.bitselect(values, ONE, SIGN);
}

/** How far each feature may move inside the box in the direction that its δ has: 1 - x up, x down. */
@inline
function room(delta: v128, x: v128): v128 {
  return v128.bitselect(x, f64x2.sub(ONE, x), f64x2.lt(delta, ZERO));
}

/** What a loop found besides the sum that it gave back. */
let beside: f64 = 0;
export function slope(): f64 {
  return beside;
}

/** c ← clip(a + b, 0, 1) */
export function place(n: usize): void {
  for (let at: usize = 0; at < 4 * n; at += 16) v128.store(c + at, f32x4.pmin(f32x4.pmax(f32x4.add(v128.load(a + at), v128.load(b + at)), ZERO), ONES));
}

/** Σ 0 · a: 0 where every value is finite, NaN otherwise. */
export function nought(n: usize): f32 {
  let sum = ZERO;
  for (let at: usize = 0; at < 4 * n; at += 16) sum = f32x4.add(sum, f32x4.mul(v128.load(a + at), ZERO));
  return f32x4.extract_lane(sum, 0) + f32x4.extract_lane(sum, 1) + f32x4.extract_lane(sum, 2) + f32x4.extract_lane(sum, 3);
}

/** Σ a² */
export function squares(n: usize): f64 {
  let sum = ZERO;
  for (let at: usize = 0; at < 4 * n; at += 8) {
    const value = two(a + at);
    sum = f64x2.add(sum, f64x2.mul(value, value));
  }
  return both(sum);
}

/** Σ |a| */
export function sizes(n: usize): f64 {
  let sum = ZERO;
  for (let at: usize = 0; at < 4 * n; at += 8) sum = f64x2.add(sum, f64x2.abs(two(a + at)));
  return both(sum);
}

/** a ← scale · a */
export function scale(n: usize, by: f64): void {
  const times = f64x2.splat(by);
  for (let at: usize = 0; at < 4 * n; at += 8) put(a + at, f64x2.mul(times, two(a + at)));
}

/** a ← a + by · b */
export function addScaled(n: usize, by: f64): void {
  const times = f64x2.splat(by);
  for (let at: usize = 0; at < 4 * n; at += 8) put(a + at, f64x2.add(two(a + at), f64x2.mul(times, two(b + at))));
}

/** a ← a + by · sign(b) */
export function addSigns(n: usize, by: f64): void {
  const times = f64x2.splat(by);
  for (let at: usize = 0; at < 4 * n; at += 8) {
    const value = two(b + at);
    put(a + at, f64x2.add(two(a + at), v128.and(f64x2.mul(times, way(value)), f64x2.ne(value, ZERO))));
  }
}

/** a ← clip(a, -min(b, most), min(1 - b, most)) */
export function clip(n: usize, most: f64): void {
  const end = f64x2.splat(most);
  for (let at: usize = 0; at < 4 * n; at += 8) {
    const x = two(b + at);
    const raised = f64x2.pmax(two(a + at), f64x2.neg(f64x2.pmin(end, x)));
    put(a + at, f64x2.pmin(raised, f64x2.pmin(end, f64x2.sub(ONE, x))));
  }
}

/** Σ min(squared · a², room²); its slope in `squared` lies beside it. */
export function boxedSquares(n: usize, squared: f64): f64 {
  const times = f64x2.splat(squared);
  let sum = ZERO;
  let slopes = ZERO;
  for (let at: usize = 0; at < 4 * n; at += 8) {
    const delta = two(a + at);
    const most = room(delta, two(b + at));
    const size = f64x2.mul(delta, delta);
    const edge = f64x2.mul(most, most);
    const moved = f64x2.mul(times, size);
    sum = f64x2.add(sum, f64x2.pmin(moved, edge));
    slopes = f64x2.add(slopes, v128.and(size, f64x2.lt(moved, edge)));
  }
  beside = both(slopes);
  return both(sum);
}

/** a ← sign(a) · min(by · |a|, room) */
export function boxedScale(n: usize, by: f64): void {
  const times = f64x2.splat(by);
  for (let at: usize = 0; at < 4 * n; at += 8) {
    const delta = two(a + at);
    const moved = f64x2.pmin(f64x2.mul(times, f64x2.abs(delta)), room(delta, two(b + at)));
    put(a + at, v128.bitselect(delta, moved, SIGN));
  }
}

/** Σ min(max(|a| - less, 0), room); beside it how many terms fall as `less` grows. */
export function boxedSizes(n: usize, less: f64): f64 {
  const minus = f64x2.splat(less);
  let sum = ZERO;
  let falling = ZERO;
  for (let at: usize = 0; at < 4 * n; at += 8) {
    const delta = two(a + at);
    const most = room(delta, two(b + at));
    const size = f64x2.sub(f64x2.abs(delta), minus);
    sum = f64x2.add(sum, f64x2.pmin(f64x2.pmax(size, ZERO), most));
    falling = f64x2.add(falling, v128.and(ONE, v128.and(f64x2.gt(size, ZERO), f64x2.lt(size, most))));
  }
  beside = both(falling);
  return both(sum);
}

/** a ← sign(a) · min(max(|a| - less, 0), room) */
export function boxedShrink(n: usize, less: f64): void {
  const minus = f64x2.splat(less);
  for (let at: usize = 0; at < 4 * n; at += 8) {
    const delta = two(a + at);
    const moved = f64x2.pmin(f64x2.pmax(f64x2.sub(f64x2.abs(delta), minus), ZERO), room(delta, two(b + at)));
    put(a + at, v128.bitselect(delta, moved, SIGN));
  }
}

/** a ← |b| of a feature that a descent along b can move, 0 of one that the box holds; a is δ, c the clean pixel. */
export function movable(n: usize): void {
  for (let at: usize = 0; at < 4 * n; at += 16) {
    const x = f32x4.add(v128.load(a + at), v128.load(c + at));
    const slope = v128.load(b + at);
    const held = v128.or(v128.and(f32x4.le(x, ZERO), f32x4.gt(slope, ZERO)), v128.and(f32x4.ge(x, ONES), f32x4.lt(slope, ZERO)));
    v128.store(a + at, v128.andnot(f32x4.abs(slope), held));
  }
}

/** a ← a + by · sign(b) where c > least. @returns how many those are */
export function addSignsAbove(n: usize, by: f64, least: f64): f64 {
  const times = f64x2.splat(by);
  const bound = f64x2.splat(least);
  let above = ZERO;
  for (let at: usize = 0; at < 4 * n; at += 8) {
    const chosen = f64x2.gt(two(c + at), bound);
    put(a + at, f64x2.add(two(a + at), v128.and(f64x2.mul(times, way(two(b + at))), chosen)));
    above = f64x2.add(above, v128.and(ONE, chosen));
  }
  return both(above);
}

/** Moves the values of a that are not 0 to its front, and those of b with them. @returns how many */
export function pack(n: usize): usize {
  let kept: usize = 0;
  for (let at: usize = 0; at < 4 * n; at += 4) {
    const value = load<f32>(a + at);
    store<f32>(a + kept, value);
    store<f32>(b + kept, load<f32>(b + at));
    kept += value != 0 ? 4 : 0;
  }
  return kept / 4;
}

/** max |a - b| */
export function farthest(n: usize): f64 {
  let most = ZERO;
  for (let at: usize = 0; at < 4 * n; at += 8) most = f64x2.pmax(most, f64x2.abs(f64x2.sub(two(a + at), two(b + at))));
  return max(f64x2.extract_lane(most, 0), f64x2.extract_lane(most, 1));
}

/** Float64 in the slots c and the fourth: ← weight · a, added to what lies there unless it is the first. */
export function addTap(n: usize, weight: f64, first: bool): void {
  const times = f64x2.splat(weight);
  if (first) for (let at: usize = 0; at < 4 * n; at += 8) v128.store(c + 2 * at, f64x2.add(ZERO, f64x2.mul(times, two(a + at))));
  else for (let at: usize = 0; at < 4 * n; at += 8) v128.store(c + 2 * at, f64x2.add(v128.load(c + 2 * at), f64x2.mul(times, two(a + at))));
}

/** b ← what the taps came to */
export function taps(n: usize): void {
  for (let at: usize = 0; at < 4 * n; at += 8) put(b + at, v128.load(c + 2 * at));
}

/** Of each of n outputs, where its inputs begin in a and how many they are; then all their weights, float64, one after the other. */
const spans: usize = memory.data(2 * 4 * 8192, 16);
export const WEIGHTS: i32 = 4 * 8192;
const weights: usize = memory.data(8 * 4 * 8192, 16);

export function beginOfSpans(): usize {
  return spans;
}

export function beginOfWeights(): usize {
  return weights;
}

/** b ← Σ weight · a for each output by itself. */
export function weigh(n: usize): void {
  let weight = weights;
  for (let o: usize = 0; o < n; o++) {
    let at = a + 4 * <usize>load<u32>(spans + 8 * o);
    const end = at + 4 * <usize>load<u32>(spans + 8 * o + 4);
    let sum: f64 = 0;
    for (; at < end; at += 4, weight += 8) sum += load<f64>(weight) * <f64>load<f32>(at);
    store<f32>(b + 4 * o, <f32>sum);
  }
}
