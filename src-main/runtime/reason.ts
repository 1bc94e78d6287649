import { basename } from 'node:path';
import { messageOf } from '../../shared/errors.ts';

const CUTS: [RegExp, string][] = [
  [/^Error: /, ''],
  [/^\[ONNXRuntimeError\] : \d+ : \w+ : /, ''],
  [/^Load model from .* failed:/, ''],
  [/\S+\.(cc|h):\d+ (.* was false\. |\S+?\([^)]*\)\S* |\S+ )/, ''],
  [/^onnxruntime::\S+\(.*?\) (?=[A-Z])/, ''],
  [/^This is an invalid model\. In Node, .*, Error /, ''],
  [/^Exception during initialization: /, ''],
  [/ Name:'' /, ' '],
];

/** What it says of operators and versions that it does not have. */
const LACKS: [RegExp, (...found: string[]) => string][] = [
  [
    /^(?:Could not find an implementation for|Failed to find kernel for) (\S+)\((\d+)\).*/s,
    (op, version) => `it has no kernel for ${op} of operator set ${version} and these element types on the CPU`,
  ],
  [/^No Op registered for (\S+) with domain_version of (\d+).*/s, (op, version) => `it knows no operator ${op} in operator set ${version}`],
  [/^Fatal error: (\S+)\(-?\d+\) is not a registered function\/op.*/s, (op) => `it knows no operator ${op}`],
  [
    /^Unrecognized attribute: (\S+) for operator (\S+).*/s,
    (attribute, op) =>
      `it knows no attribute ${attribute} of the operator ${op}: the file is written for a newer operator set than this version of it`,
  ],
  [
    /^Unsupported model IR version: (\d+), max supported IR version: (\d+).*/s,
    (own, most) => `the file is in version ${own} of the format, and this version of it reads up to ${most}: export it for an older one`,
  ],
  [
    /^ONNX Runtime only \*guarantees\* support for .* Opset (\d+) is under development.* Current official support for domain (\S+) is till opset (\d+).*/s,
    (own, domain, most) =>
      `the file is in operator set ${own} of ${domain}, and this version of it knows up to ${most}: export it for an older one`,
  ],
];

/**
 * onnxruntime's messages carry file names, line numbers, signatures and conditions of its own sources; what a user can use
 * comes after. The user knows where the model lies, and a report must not.
 * @param file path of the model, where it came from one
 */
export function ortReason(error: unknown, file = ''): string {
  let text = CUTS.reduce((cut, [what, instead]) => cut.replace(what, instead), messageOf(error));
  text = text
    // Nodes of our own are named after the model's; those before and behind it have names that say nothing.
    .replace(/ Name:'([^']*)'/, (_, name: string) => (/^hl[/:]/.test(name) ? '' : ` Name:'${name.replace(/\/hl_\w+$/, '')}'`))
    // What follows is the node as a text of several lines.
    .replace(/, however input '(.*)' of node:\s*$/, ", however input '$1' of a node comes from none before it");
  for (const [what, words] of LACKS) text = text.replace(what, (_, ...found: string[]) => words(...found));
  const last = file === '' ? text : text.replaceAll(file, basename(file));
  return last.trim().replace(/\.?$/, '.');
}
