import type { Finding } from '../../shared/results.ts';
import type { ImageRecord, Setup } from '../../src-main/audit/records.ts';

/** Records as an audit writes them, with numbers made up for tests. */
export function image(id: string, label = 0, prediction = label): ImageRecord {
  const top = [{ class: prediction, logit: 2, probability: 0.9 }];
  return {
    id,
    index: 0,
    source: `${id}.png`,
    hash: `hash of ${id}`,
    width: 4,
    height: 4,
    channels: 1,
    label,
    labelGiven: true,
    prediction,
    top,
    file: `clean/${id}.png`,
    outputs: [],
    leastLikely: 9,
  };
}

export function finding(id: string, attack: string, state: Finding['state'], distance: number | null = null, threat = 0): Finding {
  const of = (size: number) => ({ l0: Math.ceil(distance!), l0Pixels: Math.ceil(distance!), l1: size, l2: size, linf: size });
  return {
    image: id,
    threat,
    attack,
    state,
    reason: state === 'failed' ? 'NaN' : null,
    // A picture costs something, so that one cannot be taken for the other.
    float: distance === null ? null : of(distance * 0.75),
    eightBit: distance === null ? null : of(distance),
    prediction: state === 'broken' ? 1 : null,
    top: [],
    file: state === 'broken' ? `adversarial/${id}.png` : null,
    output: null,
    forwards: 10,
    backwards: 5,
  };
}

export function setup(images: string[]): Setup {
  return {
    hairline: '0.0.0',
    model: {
      file: 'm.onnx',
      sha256: '00',
      bytes: 1,
      weights: [],
      producer: '',
      irVersion: 8,
      opsets: {},
      parameters: 1,
      operators: {},
      inputs: [],
      outputs: [],
    },
    surrogates: [],
    input: 'x',
    classes: 10,
    scores: { name: 'y', logits: 'y', kind: 'logits', width: 10, classes: 10 },
    output: null,
    classNames: null,
    images,
    provider: { asked: 'cpu', used: 'cpu', why: '' },
    rows: 4,
    gradientCheck: { ok: true, forwardError: 0, gradientError: 0, tangentError: null, directions: 2, straightThrough: [], fallbacks: [] },
    versions: {},
    warnings: ['Mind the step.'],
  };
}
