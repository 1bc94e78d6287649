import { createHash } from 'node:crypto';
import { crc32, deflateSync } from 'node:zlib';
import type { Distances, Norm } from '../../shared/norms.ts';
import type { AttackSummary, CurvePoint, Finding, ImageResult, Results, ThreatResult } from '../../shared/results.ts';

export interface FixtureOptions {
  norms?: Norm[];
  images?: number;
  width?: number;
  height?: number;
  channels?: 1 | 3;
  /** Names and paths as long as people make them, and letters from many scripts. */
  long?: boolean;
  labels?: boolean;
  failures?: boolean;
  name?: string;
}
export interface Fixture {
  results: Results;
  files: Map<string, Uint8Array>;
  readPng: (file: string) => Promise<Uint8Array>;
}

/** Deterministic uniform numbers in [0,1): mulberry32. */
export function uniform(seed: number): () => number {
  return () => {
    seed = (seed + 0x6d2b79f5) | 0;
    let t = Math.imul(seed ^ (seed >>> 15), 1 | seed);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}

/** Wilson score interval at 95 %: Wilson 1927; written again here on purpose, from the textbook form. */
export function wilson(right: number, total: number): { low: number; high: number } {
  const z = 1.959963984540054;
  const p = right / total;
  const centre = (p + (z * z) / (2 * total)) / (1 + (z * z) / total);
  const half = (z / (1 + (z * z) / total)) * Math.sqrt((p * (1 - p)) / total + (z * z) / (4 * total * total));
  return { low: Math.max(0, centre - half), high: Math.min(1, centre + half) };
}

/** A PNG straight from the format's definition: filter 0 rows, one IDAT. */
export function png(width: number, height: number, channels: 1 | 3, data: Uint8Array): Uint8Array {
  const chunk = (type: string, body: Uint8Array): Buffer => {
    const head = Buffer.from(type, 'latin1');
    const out = Buffer.alloc(12 + body.length);
    out.writeUInt32BE(body.length, 0);
    head.copy(out, 4);
    out.set(body, 8);
    out.writeUInt32BE(crc32(Buffer.concat([head, body])), 8 + body.length);
    return out;
  };
  const header = Buffer.alloc(13);
  header.writeUInt32BE(width, 0);
  header.writeUInt32BE(height, 4);
  header.set([8, channels === 1 ? 0 : 2, 0, 0, 0], 8);
  const rows = Buffer.alloc(height * (1 + width * channels));
  for (let y = 0; y < height; y++)
    rows.set(data.subarray(y * width * channels, (y + 1) * width * channels), y * (1 + width * channels) + 1);
  return Buffer.concat([
    Buffer.from('89504e470d0a1a0a', 'hex'),
    chunk('IHDR', header),
    chunk('IDAT', deflateSync(rows)),
    chunk('IEND', new Uint8Array()),
  ]);
}

const EPS: Record<Norm, number[]> = {
  l0: [5, 10, 25],
  l0Pixels: [2, 5, 10],
  l1: [2, 8],
  l2: [0.5, 1, 2],
  linf: [2 / 255, 4 / 255, 8 / 255],
};
const ATTACKS: Record<Norm, string[]> = {
  l0: ['sigma-zero', 'fmn'],
  l0Pixels: ['sigma-zero'],
  l1: ['fmn', 'pgd'],
  l2: ['ddn', 'fmn', 'pgd'],
  linf: ['pgd', 'fmn', 'fgsm'],
};
const SPREAD: Record<Norm, number> = { l0: 14, l0Pixels: 8, l1: 5, l2: 0.9, linf: 5 };
const NAMES = ['aeroplane', 'motor car', 'bird', 'cat', 'deer', 'dog', 'frog', 'horse', 'ship', 'lorry'];
const LONG = [
  'red-breasted merganser, Mergus serrator, a large fish-eating diving duck of northern lakes',
  'Pneumonoultramicroscopicsilicovolcanoconiosis_without_any_space_to_break_the_line_at',
  '=HYPERLINK("https://example.org","click")',
  'Straßenbahn „Ł“, 日本語の名前, Ελληνικά, Кириллица',
];

export function makeFixture(options: FixtureOptions = {}): Fixture {
  const {
    norms = ['linf', 'l2', 'l0'],
    images: n = 60,
    width = 32,
    height = 32,
    channels = 3,
    long = false,
    labels = true,
    failures = false,
  } = options;
  const random = uniform(7);
  const files = new Map<string, Uint8Array>();
  const classNames = NAMES.map((name, i) => (long ? LONG[i % LONG.length]! : name));
  const images: ImageResult[] = [];
  const findings: Finding[] = [];
  const smallest: (number | null)[][] = norms.map(() => []);
  const folder = long
    ? '/home/auditor/Projekte/2026/Straßenverkehr – Abnahme/very long folder names that somebody thought to be clear/data sets/run_0000000000000000000001'
    : 'samples';

  for (let i = 0; i < n; i++) {
    const id = `i${String(i).padStart(5, '0')}`;
    const clean = drawing(i, width, height, channels);
    const label = i % 10;
    const right = !labels || random() < 0.93;
    const prediction = right ? label : (label + 3) % 10;
    const file = `images/${id}.png`;
    files.set(file, png(width, height, channels, clean));
    const image: ImageResult = {
      ...{ id, source: `${folder}/${NAMES[label]!.replace(' ', '_')}/${id}.png`, hash: createHash('sha256').update(clean).digest('hex') },
      ...{ width, height, channels, label, labelGiven: labels, prediction, file, outputs: [], outcomes: [] },
      top: scores(prediction, random),
    };
    norms.forEach((norm, t) => {
      if (!right) {
        image.outcomes.push({ threat: t, state: 'wrong-already', best: null, distance: null });
        smallest[t]!.push(0);
        return;
      }
      const found = ATTACKS[norm].map((attack, a) => {
        const finding = attacked({ id, clean, width, height, channels, norm, threat: t, attack, a, prediction, random, failures });
        if (finding.png) files.set(finding.finding.file!, finding.png);
        findings.push(finding.finding);
        return finding.finding;
      });
      const broken = found.filter((finding) => finding.state === 'broken').sort((a, b) => a.eightBit![norm] - b.eightBit![norm])[0];
      const state = broken ? 'broken' : found.every((finding) => finding.state === 'failed') ? 'failed' : 'held';
      image.outcomes.push({ threat: t, state, best: broken?.attack ?? null, distance: broken?.eightBit![norm] ?? null });
      smallest[t]!.push(broken ? broken.eightBit![norm] : null);
    });
    images.push(image);
  }
  const threats = norms.map((norm, t) => threatResult(norm, t, smallest[t]!, findings));
  const right = images.filter((image) => image.prediction === image.label).length;
  const results: Results = {
    ...{ format: 2, hairline: '0.1.0', name: options.name ?? '' },
    model: {
      file: long
        ? `${folder}/models/final_really_final_v7 (copy)/resnet18_cifar10_adversarially_trained_2026-02-28T23-59-59.onnx`
        : 'models/road-signs.onnx',
      ...{
        sha256: createHash('sha256').update('model').digest('hex'),
        bytes: 44_779_012,
        weights: [],
        producer: 'pytorch 2.9.1',
        irVersion: 10,
        parameters: 11_173_962,
      },
      opsets: { '': 20 },
      operators: { Conv: 20, Relu: 17, Add: 8, GlobalAveragePool: 1, Flatten: 1, Gemm: 1, MaxPool: 1 },
      inputs: [{ name: 'input', type: 'float32', shape: ['batch', channels, height, width] }],
      outputs: [{ name: 'logits', type: 'float32', shape: ['batch', 10] }],
    },
    surrogates: [],
    ...{ classNames, seed: 20260301, maxQueries: null, kernelBatch: 16, output: null, classes: 10 },
    preprocessing: {
      geometry: 'none',
      width: null,
      height: null,
      resizeTo: null,
      interpolation: 'bilinear',
      padValue: 0,
      channels: 'rgb',
      layout: 'nchw',
      scale: 1,
      mean: [0.4914, 0.4822, 0.4465],
      std: [0.247, 0.2435, 0.2616],
      embed: null,
    },
    provider: { asked: 'cuda', used: 'cpu', why: 'the CUDA libraries are not installed on this machine' },
    versions: { node: '24.4.0', 'onnxruntime-node': '1.30.0', sharp: '0.35.5' },
    gradientCheck: {
      ok: true,
      forwardError: 3.1e-7,
      gradientError: 0.00041,
      tangentError: null,
      directions: 8,
      straightThrough: [],
      fallbacks: [],
    },
    cleanAccuracy: labels ? { eps: 0, accuracy: right / n, ...wilson(right, n), right, total: n } : null,
    ...{ threats, images, findings },
    warnings: failures
      ? [
          '3 images failed under at least one attack; they count as right.',
          'The labels were read from the folders’ names: check that they are what you mean.',
        ]
      : [],
    plan: {
      format: 1,
      name: options.name ?? '',
      model: 'models/road-signs.onnx',
      images: [folder],
      seed: 20260301,
      threats: norms.map((norm) => ({
        norm,
        eps: EPS[norm],
        goal: { kind: 'untargeted' },
        attacks: ATTACKS[norm].map((id) => ({ id, options: { steps: 500 } })),
      })),
    },
    timing: {
      started: '2026-03-01T14:05:09.123Z',
      finished: '2026-03-01T14:09:41.000Z',
      seconds: 271.9,
      workers: 2,
      batch: 16,
      resumed: 1,
      machine: '16 cores, 128 GB, Linux x64',
    },
  };
  return { results, files, readPng: async (file) => files.get(file) ?? Promise.reject(new Error(`no file ${file}`)) };
}

/** A picture with shapes that can be told apart by eye. */
function drawing(seed: number, width: number, height: number, channels: 1 | 3): Uint8Array {
  const random = uniform(seed * 977 + 1);
  const [cx, cy, r] = [
    width * (0.35 + 0.3 * random()),
    height * (0.35 + 0.3 * random()),
    Math.min(width, height) * (0.18 + 0.15 * random()),
  ];
  const inner = [0, 1, 2].map(() => 120 + 135 * random());
  const outer = [0, 1, 2].map(() => 30 + 110 * random());
  const data = new Uint8Array(width * height * channels);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const inside = seed % 2 ? Math.hypot(x - cx, y - cy) < r : Math.max(Math.abs(x - cx), Math.abs(y - cy)) < r;
      for (let c = 0; c < channels; c++)
        data[(y * width + x) * channels + c] = Math.round((inside ? inner : outer)[c]! * (0.8 + (0.2 * y) / height));
    }
  }
  return data;
}

function scores(first: number, random: () => number): { class: number; logit: number; probability: number }[] {
  const logits = [6 + 4 * random(), 3 * random(), 2 * random(), random(), random() - 1].sort((a, b) => b - a);
  const total = logits.reduce((sum, logit) => sum + Math.exp(logit), 0);
  return logits.map((logit, i) => ({ class: (first + i) % 10, logit, probability: Math.exp(logit) / total }));
}

interface Case {
  id: string;
  clean: Uint8Array;
  width: number;
  height: number;
  channels: 1 | 3;
  norm: Norm;
  threat: number;
  attack: string;
  a: number;
  prediction: number;
  random: () => number;
  failures: boolean;
}

/** One made-up finding whose distances are those of the PNG that goes with it. */
function attacked(c: Case): { finding: Finding; png: Uint8Array | null } {
  const size = SPREAD[c.norm] * -Math.log(1 - c.random()) * (1 + 0.2 * c.a);
  const base = {
    image: c.id,
    threat: c.threat,
    attack: c.attack,
    reason: null,
    output: null,
    forwards: 500,
    backwards: c.attack === 'fgsm' ? 1 : 500,
  };
  const nothing = { float: null, eightBit: null, prediction: null, top: [], file: null };
  if (c.failures && c.random() < 0.03) {
    return {
      finding: { ...base, ...nothing, state: 'failed', reason: 'The model gave a value that is no number (NaN) after 17 steps.' },
      png: null,
    };
  }
  if (size > 3 * SPREAD[c.norm]) return { finding: { ...base, ...nothing, state: 'held' }, png: null };
  const data = Uint8Array.from(c.clean);
  const features = data.length;
  const change = (i: number, by: number): void => {
    data[i] = Math.max(0, Math.min(255, data[i]! + by));
  };
  if (c.norm === 'l0' || c.norm === 'l0Pixels')
    for (let k = 0; k < Math.ceil(size); k++) change(Math.floor(c.random() * features), c.random() < 0.5 ? 255 : -255);
  else {
    const level = c.norm === 'linf' ? Math.ceil(size) : Math.max(1, (size / Math.sqrt(features)) * 255);
    for (let i = 0; i < features; i++)
      change(i, Math.round((c.random() < 0.5 ? 1 : -1) * (c.norm === 'linf' ? level : 2 * c.random() * level)));
  }
  const eightBit = distances(c.clean, data, c.channels);
  const prediction = (c.prediction + 1 + Math.floor(c.random() * 9)) % 10;
  const file = `adversarial/${c.threat}/${c.attack}/${c.id}.png`;
  const float = { ...eightBit, l1: eightBit.l1 * 0.991, l2: eightBit.l2 * 0.9934, linf: eightBit.linf * 0.9871 };
  return {
    finding: { ...base, state: 'broken', float, eightBit, prediction, top: scores(prediction, c.random), file },
    png: png(c.width, c.height, c.channels, data),
  };
}

function distances(a: Uint8Array, b: Uint8Array, channels: number): Distances {
  const out = { l0: 0, l0Pixels: 0, l1: 0, l2: 0, linf: 0 };
  for (let i = 0; i < a.length; i += channels) {
    let touched = false;
    for (let c = 0; c < channels; c++) {
      const d = Math.abs(a[i + c]! - b[i + c]!) / 255;
      if (d > 0) touched = true;
      out.l0 += d > 0 ? 1 : 0;
      out.l1 += d;
      out.l2 += d * d;
      out.linf = Math.max(out.linf, d);
    }
    out.l0Pixels += touched ? 1 : 0;
  }
  return { ...out, l2: Math.sqrt(out.l2) };
}

function threatResult(norm: Norm, threat: number, smallest: (number | null)[], findings: Finding[]): ThreatResult {
  const at = (eps: number): CurvePoint => {
    const right = smallest.filter((distance) => distance === null || distance > eps * (1 + 1e-6)).length;
    return { eps, accuracy: right / smallest.length, ...wilson(right, smallest.length), right, total: smallest.length };
  };
  const reached = [...new Set(smallest.filter((distance) => distance !== null))].sort((a, b) => a - b);
  const attackedOnes = smallest.filter((distance) => distance !== 0);
  const summary = (attack: string): AttackSummary => {
    const own = findings.filter((finding) => finding.threat === threat && finding.attack === attack);
    const broken = own.filter((finding) => finding.state === 'broken');
    const of = (pick: (finding: Finding) => number): { median: number | null; mean: number | null } => {
      const all = own.map((finding) => (finding.state === 'broken' ? pick(finding) : Infinity));
      return { median: median(all), mean: mean(broken.map(pick)) };
    };
    const eight = of((finding) => finding.eightBit![norm]);
    const float = of((finding) => finding.float![norm]);
    return {
      ...{ attack, attacked: own.length, broken: broken.length, failed: own.filter((finding) => finding.state === 'failed').length },
      ...{ median: eight.median, mean: eight.mean, floatMedian: float.median, floatMean: float.mean },
      forwards: own.reduce((sum, finding) => sum + finding.forwards, 0),
      backwards: own.reduce((sum, finding) => sum + finding.backwards, 0),
    };
  };
  return {
    ...{ norm, eps: [...EPS[norm]], goal: { kind: 'untargeted' }, knowledge: { kind: 'white-box' } },
    attacks: ATTACKS[norm].map((id) => ({ id, options: { steps: 500 } })),
    points: EPS[norm].map(at),
    curve: [...new Set([0, ...reached])].map(at),
    attackSummaries: ATTACKS[norm].map(summary),
    median: median(attackedOnes.map((distance) => distance ?? Infinity)),
    mean: mean(attackedOnes.filter((distance) => distance !== null)),
  };
}

function median(values: number[]): number | null {
  if (values.length === 0) return null;
  const sorted = [...values].sort((a, b) => a - b);
  const middle = (sorted[(sorted.length - 1) >> 1]! + sorted[sorted.length >> 1]!) / 2;
  return Number.isFinite(middle) ? middle : null;
}

function mean(values: number[]): number | null {
  return values.length > 0 ? values.reduce((a, b) => a + b, 0) / values.length : null;
}
