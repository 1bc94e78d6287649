/** What came of one model. */
export interface Outcome {
  result: 'gradcheck' | 'products' | 'surrogate' | 'flat' | 'failed' | 'refused' | 'not run' | 'unchecked' | 'unfinished';
  /** Greatest relative error over the directions. */
  error?: number;
  /** Greatest relative difference of the derived graph's forward pass from the file's own. */
  forward?: number;
  surrogates?: string[];
  /** What was differentiated, or the reason. */
  detail?: string;
}

const WORDS: Record<Outcome['result'], string> = {
  gradcheck: 'passes gradcheck',
  products: "passes, J'u checked",
  surrogate: 'by surrogate',
  flat: 'too flat to compare',
  failed: '**fails**',
  refused: 'refused',
  'not run': 'onnxruntime does not run it',
  unchecked: 'not checked in time',
  unfinished: 'not finished',
};

const cell = (value: string) => value.replaceAll('|', '\\|');

/** A model's line of the page. */
function lineOf(file: string, o: Outcome): string {
  const number = (v: number | undefined) => (v === undefined ? '' : v.toExponential(1));
  const notes = [o.surrogates?.length ? `surrogates: ${o.surrogates.join(', ')}` : '', o.detail ?? ''].filter(Boolean).join('; ');
  return `| ${file} | ${WORDS[o.result]} | ${number(o.forward)} | ${number(o.error)} | ${cell(notes)} |`;
}

/** The lines of a page by their models: what came out last time. */
export function linesOf(page: string): Map<string, string> {
  const lines = page.split('\n').map((line) => [/^\| (\S+\.onnx) \|/.exec(line)?.[1], line] as const);
  return new Map(lines.filter((one): one is readonly [string, string] => one[0] !== undefined));
}

/**
 * docs/models.md.
 * @param rows what came out of each, or its line of the last time
 */
export function modelsPage(rows: readonly [string, Outcome | string][]): string {
  const lines = rows.map(([file, o]) => (typeof o === 'string' ? o : lineOf(file, o)));
  const counts = Object.values(WORDS).flatMap((words) => {
    const count = lines.filter((line) => line.split(' | ')[1] === words).length;
    return count > 0 ? [`${count} ${words.replaceAll('*', '')}`] : [];
  });
  return `# Gradients of published models

Written by \`npm run bench -- coverage\`; do not edit. ${rows.length} files: ${counts.join(', ')}.

*forward* is the greatest difference between the derived graph and onnxruntime on the file itself, relative to the greatest
output. *gradient* is the greatest error over random directions: the difference quotient over an interval against the mean of the
derivative over that interval, relative to the gradient's usual size along such a direction (1e-3 is asked for, 3e-2 of models
in 16 bits). Classifiers go through \`hairline gradcheck\` with five directions on pictures, or as many as there was time for; of other models J'u of a random
cotangent over all float outputs is checked along one to five directions, as time allows. Where the gradient goes by a
surrogate, it is not the derivative, and only the forward pass is compared. Networks with constant or dead weights put out the
same whatever they see; float32 resolves no slope there.

| model | outcome | forward | gradient | notes |
|---|---|---:|---:|---|
${lines.join('\n')}
`;
}
