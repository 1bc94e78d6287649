/** How one thing that was tried ended. */
export interface Outcome {
  /** What was done to what. */
  what: string;
  end: 'accepted' | 'refused' | 'failed' | 'crashed' | 'hung';
  /** Why it was refused, as a person reads it; of a crash, what is known. */
  sentence: string;
  ms: number;
}

/** What one try may take. */
export interface Limits {
  /** For loading a model; checking it may take ten times as long. */
  seconds: number;
  gigabytes: number;
}

/** A kind of hostile input. */
export interface Suite {
  name: string;
  /** How many tries the whole of it is, and how many CI does. */
  whole: number;
  short: number;
  /** Makes what all tries share, in a folder of its own. */
  open(folder: string, limits: Limits): Promise<Tries>;
}

export interface Tries {
  /** One try; the same seed gives the same one. */
  attempt(seed: number): Promise<Outcome[]>;
  /** Processes whose memory is looked at, with all below them. */
  roots(): number[];
  close(): Promise<void>;
}

/** Words that a program says to its authors, not to a person. */
const RAW =
  /Invalid typed array|Array buffer allocation|Invalid array length|Maximum call stack|Cannot (read|set|destructure|convert|mix|perform)|is not (a function|iterable|an object|defined)|undefined|\bNaN\b.*BigInt|BigInt|ZodError|Invalid input|\[object |Unexpected token|in JSON|Invalid time value|is out of range|outside the bounds|ERR_[A-Z]|\bE[A-Z]{4,}\b:|:\d+:\d+\)|^\s*at |node:|makeTensor|\bnull\b$|^\[|^\{|of the contract|does not fit the contract/m;
/** Terminal sequences, line ends, and signs that turn the direction of writing around. */
const CONTROL = /[\u0000-\u001f\u007f-\u009f\u200e\u200f\u2028\u2029\u202a-\u202e\u2066-\u2069]/;

/** What is wrong with how a try ended; null where nothing is. */
export function faultOf({ end, sentence }: Outcome): string | null {
  if (end === 'crashed' || end === 'hung' || end === 'failed') return `${end}: ${sentence.slice(0, 300)}`;
  if (end === 'accepted') return null;
  if (CONTROL.test(sentence)) return `a refusal that is no single clean line: ${JSON.stringify(sentence.slice(0, 300))}`;
  // Where a plan stops being JSON helps who wrote it.
  if (RAW.test(sentence.replace(/ is no JSON: .*$/, ' is no JSON.'))) return `a refusal in a program's words: ${sentence.slice(0, 300)}`;
  if (!/^\S.{8,}[.!?]$/.test(sentence)) return `a refusal that is no sentence: ${JSON.stringify(sentence.slice(0, 300))}`;
  return sentence.length > 2100 ? `a refusal of ${sentence.length} signs: ${sentence.slice(0, 100)}…` : null;
}
