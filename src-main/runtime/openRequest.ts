import type { Answer, Preprocessing, Provider } from '../../shared/plan.ts';
import type { Graph } from '../graph/index.ts';
import type { Differentiable, ImageShape } from '../model/differentiable.ts';
import type { ImageInput } from '../model/network.ts';
import type { Window } from '../model/preprocessing/index.ts';

/** What it takes to open the differentiable graph of a model for pictures of one size. */
export interface OpenRequest {
  graph: Graph;
  input: ImageInput;
  preprocessing: Preprocessing;
  /** What is said of a classifier's answer. */
  answer?: Answer | undefined;
  picture: ImageShape;
  /** The part of the picture that is asked about, out of which the network must read nothing; null: all of it. */
  window?: Window | null;
  /** Rows of the one batch shape every kernel runs with. */
  rows: number;
  provider: Provider;
  threads?: number;
}

/** A `Differentiable` with what a host wants to know about it, and the sessions to give back. */
export interface OpenScored extends Differentiable {
  /** Straight-through operators that gradients opened so far run through. */
  readonly straightThrough: string[];
  /** Nodes that the provider left to the CPU in graphs run so far, as `Operator (node)`. */
  readonly fallbacks: string[];
  close(): Promise<void>;
}
