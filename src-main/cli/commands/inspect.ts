import { Command } from 'commander';
import { fieldWords } from '../../../shared/outputs.ts';
import { inLimits, withLimits } from '../limited.ts';
import { wantedFrom } from '../output.ts';
import type { WantedFlags } from '../output.ts';
import { json, line, lines, table } from '../print.ts';

export function inspectCommand(): Command {
  return withLimits(new Command('inspect'))
    .description('Says what a model is: inputs, outputs, operators, and the preprocessing Hairline would guess.')
    .argument('<model>', 'the .onnx file')
    .option('--output <name>', 'look at this output or inner value (default: class scores, where there are any)')
    .option('--input <name>', 'the input that takes the image (default: found)')
    .option('--fix <name=value>', 'value of another input (default: 0); repeatable', (value: string, before: string[] = []) => [...before, value])
    .option('--json', 'as one JSON line')
    .action(async (model: string, flags: WantedFlags & { json?: boolean }) => {
      const card = await inLimits((process) => process.run('inspect', { model, ...wantedFrom(flags) }));
      if (flags.json) return json(card);
      const { identity } = card;
      const shape = (v: { name: string; type: string; shape: (number | string)[] }) => `${v.name}  ${v.type} [${v.shape.join(', ')}]`;
      line(`${identity.file}  ${identity.bytes.toLocaleString('en')} bytes`);
      line(`sha256      ${identity.sha256}`);
      for (const { file, sha256 } of identity.weights) line(`weights     ${file}, sha256 ${sha256}`);
      line(`producer    ${identity.producer || '(not named)'}, IR ${identity.irVersion}`);
      line(`opsets      ${Object.entries(identity.opsets).map(([d, v]) => `${d} ${v}`).join(', ')}`);
      line(`parameters  ${identity.parameters.toLocaleString('en')}`);
      lines(identity.inputs.map((value, i) => `${i === 0 ? 'inputs ' : '       '}     ${shape(value)}`));
      lines(identity.outputs.map((value, i) => `${i === 0 ? 'outputs' : '       '}     ${shape(value)}`));
      if (card.inputs.length > 0) line(`image goes  into ${card.input}; ${card.inputs.map(({ name }) => name).join(', ')} hold what --fix says, else 0`);
      if (card.field) line(`puts out    ${fieldWords(card.field)}`);
      else line(`classes     ${card.classes} (the file puts out ${card.output})`);
      line(`guess       ${card.guess} Check it against the accuracy on labelled images.`);
      line();
      lines(table([['operator', 'nodes'], ...Object.entries(identity.operators).map(([o, n]) => [o, String(n)])]));
    });
}
