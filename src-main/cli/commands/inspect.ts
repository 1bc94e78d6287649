import { Command } from 'commander';
import type { ModelCard } from '../../../shared/contract.ts';
import { messageOf, UserError } from '../../../shared/errors.ts';
import { networkOutputWords, scoresWords } from '../../../shared/outputs.ts';
import { shortened } from '../../../shared/printable.ts';
import type { ModelIdentity } from '../../../shared/results.ts';
import { inLimits, withLimits } from '../limited.ts';
import { wantedFrom } from '../ends.ts';
import type { WantedFlags } from '../ends.ts';
import { json, line, lines, table } from '../print.ts';

interface Flags extends WantedFlags {
  size?: string;
  json?: boolean;
}

export function inspectCommand(): Command {
  return withLimits(new Command('inspect'))
    .description(
      'Says what a model is: inputs, outputs, operators, and the preprocessing Hairline would guess. Of a file that it cannot audit, it says what it is, and why not.',
    )
    .argument('<model>', 'the .onnx file')
    .option('--output <name>', 'look at this output or inner value (default: class scores, where there are any)')
    .option(
      '--threshold <value>',
      'of one number an image: from which value on it stands for the second of two classes; --output then names that number',
    )
    .option('--input <name>', 'the input that takes the image (default: found)')
    .option('--fix <name=value>', 'value of another input (default: 0); repeatable', (value: string, before: string[] = []) => [
      ...before,
      value,
    ])
    .option('--size <pixels>', 'of the pictures, where the file leaves it open: 32, or 320x240 (default: found)')
    .option('--json', 'as one JSON line')
    .action((model: string, flags: Flags) =>
      inLimits(async (process) => {
        let card: ModelCard;
        try {
          card = await process.run('inspect', {
            model,
            ...wantedFrom(flags),
            ...(flags.size !== undefined && { size: sizeOf(flags.size) }),
          });
        } catch (error) {
          if (!(error instanceof UserError)) throw error;
          const identity = await process.run('identity', { model }).catch(() => null);
          if (identity === null) throw error;
          if (flags.json) json({ identity, problem: messageOf(error) });
          else print(identity, []);
          throw error;
        }
        if (flags.json) json(card);
        else print(card.identity, told(card));
        if (card.refused !== undefined) throw new UserError(card.refused);
      }),
    );
}

/** `32`, `320x240`. @throws UserError for anything else */
function sizeOf(text: string): { width: number; height: number } {
  const [, width, height = width] = /^([1-9]\d{0,4})(?:[x×]([1-9]\d{0,4}))?$/.exec(text) ?? [];
  if (width === undefined) throw new UserError(`--size takes pixels, such as 32, or width and height, such as 320x240, not ${text}.`);
  return { width: Number(width), height: Number(height) };
}

/** What only a model has that can be audited. */
function told(card: ModelCard): string[] {
  return [
    ...(card.inputs.length > 0
      ? [
          `image goes  into ${card.input}; ${card.inputs.map(({ name }) => name).join(', ')} ${card.inputs.length > 1 ? 'hold' : 'holds'} what --fix says, else 0`,
        ]
      : []),
    card.networkOutput
      ? `puts out    ${networkOutputWords(card.networkOutput)}`
      : `classes     ${card.classes} (the file puts out ${card.output === 'logits' ? 'class scores' : card.output})${card.scores ? scoresWords(card.scores) : ''}`,
    ...(card.notes ?? []).filter((note) => note !== card.refused).map((note) => `note        ${note}`),
    ...(card.classNames ? [`class names ${shortened(card.classNames.join(', '), 80)} (in the file)`] : []),
    `guess       ${card.guess}${card.networkOutput ? '' : ' Check it against the accuracy on labelled images.'}`,
  ];
}

function print(identity: ModelIdentity, more: readonly string[]): void {
  const shape = (v: { name: string; type: string; shape: (number | string)[] }) => `${v.name}  ${v.type} [${v.shape.join(', ')}]`;
  line(`${identity.file}  ${identity.bytes.toLocaleString('en')} bytes`);
  line(`sha256      ${identity.sha256}`);
  for (const { file, sha256 } of identity.weights) line(`weights     ${file}, sha256 ${sha256}`);
  line(`producer    ${identity.producer || '(not named)'}, IR ${identity.irVersion}`);
  line(
    `opsets      ${Object.entries(identity.opsets)
      .map(([d, v]) => `${d} ${v}`)
      .join(', ')}`,
  );
  line(`parameters  ${identity.parameters.toLocaleString('en')}`);
  lines(identity.inputs.map((value, i) => `${i === 0 ? 'inputs ' : '       '}     ${shape(value)}`));
  lines(identity.outputs.map((value, i) => `${i === 0 ? 'outputs' : '       '}     ${shape(value)}`));
  for (const one of more) line(one);
  line();
  lines(table([['operator', 'nodes'], ...Object.entries(identity.operators).map(([o, n]) => [o, String(n)])]));
}
