import { UserError } from '../../../shared/errors.ts';
import type { AuditPlan } from '../../../shared/plan.ts';
import { pictureHash } from '../../images/index.ts';
import type { ImageSet } from '../../images/index.ts';
import { readClassNames } from '../../model/labels.ts';
import type { Report } from '../pool.ts';
import { FLAG } from '../files.ts';
import { demandModel } from '../unchanged.ts';
import { digestOf, namedPaths } from '../namedFiles.ts';
import { settledClasses } from '../classes.ts';
import { openSet } from '../prepare.ts';
import { surrogatesOf } from '../surrogates.ts';
import { differences } from './differences.ts';
import type { Told } from './told.ts';

/** Kinds of file that a plan names, and whether those of this one may be opened: its own of an audit begun here, else those that a person named. */
export type May = Record<keyof typeof FLAG, boolean>;

export interface Sources {
  problems: string[];
  notes: string[];
  /** Whether the labels, and the pictures, were held against the files they came from. */
  labels: boolean;
  originals: boolean;
}

const baseName = (path: string): string => path.split(/[\\/]/).at(-1)!;

/**
 * The files outside the folder that the plan names, as far as they are there: hashes, labels, class names, pictures, surrogates.
 * @param opened the plan with the paths to open
 * @param of.whole whether all that was dropped is there: labels may have come with it
 */
export async function checkSources(
  told: Told,
  opened: AuditPlan,
  { may, whole }: { may: May; whole: boolean },
  report: Report,
): Promise<Sources> {
  const out: Sources = { problems: [], notes: [], labels: false, originals: false };
  await hashes(told, opened, may, out);
  await surrogates(told, opened, may, out);
  const { setup } = told;
  if (opened.classNames !== null && may.classNames && setup.output === null)
    await there(out, async () =>
      out.problems.push(
        ...differences(
          setup.classNames,
          await readClassNames(opened.classNames!, setup.classes),
          { told: 'the journal', found: opened.classNames! },
          ['classNames'],
        ).problems,
      ),
    );
  if (may.images) await pictures(told, opened, whole && (opened.labels === null || may.labels), out, report);
  return out;
}

/** What is gone, or cannot be opened any more, is no difference from the report. */
async function there(out: Sources, check: () => Promise<unknown>): Promise<boolean> {
  try {
    await check();
    return true;
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    out.notes.push(`Not checked: ${error.message}`);
    return false;
  }
}

async function hashes({ plan, setup }: Told, opened: AuditPlan, may: May, out: Sources): Promise<void> {
  const [named, paths] = [namedPaths(plan), namedPaths(opened)];
  if (named.length === 0 && !setup.files) return;
  if (!setup.files) {
    out.notes.push(
      `The results hold no hash of ${named.map(({ path }) => baseName(path)).join(', ')}: they were written by an older Hairline.`,
    );
    return;
  }
  const due = named.map(({ role, path }) => ({ role, file: baseName(path) }));
  out.problems.push(
    ...differences(
      setup.files.map(({ role, file }) => ({ role, file })),
      due,
      { told: 'the journal', found: 'the plan' },
      ['files'],
    ).problems,
  );
  const kind = { labels: 'labels', classNames: 'classNames', picture: 'pictures' } as const;
  for (const [i, { role, sha256, bytes, file }] of setup.files.entries()) {
    const path = paths[i]?.path;
    if (path === undefined) continue;
    if (!may[kind[role]]) out.notes.push(`Not checked: ${file}; name it with ${FLAG[kind[role]]}.`);
    else
      await there(out, async () => {
        const own = await digestOf(path);
        if (own.sha256 !== sha256)
          out.problems.push(
            `${path} is not the file that the audit read: its sha256 is ${own.sha256.slice(0, 16)}…, the report says ${sha256.slice(0, 16)}….`,
          );
        else if (own.bytes !== bytes) out.problems.push(`${path} has ${own.bytes} bytes, the report says ${bytes}.`);
      });
  }
}

async function surrogates({ setup }: Told, opened: AuditPlan, may: May, out: Sources): Promise<void> {
  const models = surrogatesOf(opened);
  if (models.length > 0 && !may.surrogates) out.notes.push(`Not checked: the surrogate models; name them with ${FLAG.surrogates}.`);
  if (!may.surrogates) return;
  for (const [i, { model }] of models.entries()) {
    const identity = setup.surrogates[i];
    if (!identity) continue;
    try {
      await demandModel(model, identity);
    } catch (error) {
      if (!(error instanceof UserError)) throw error;
      if (error.message.includes('cannot be read')) out.notes.push(`Not checked: ${error.message}`);
      else out.problems.push(`${model} is not the surrogate of the report: its sha256 differs from ${identity.sha256.slice(0, 16)}….`);
    }
  }
}

/** Labels and pixels of the images as the plan names them. */
async function pictures({ setup, state }: Told, opened: AuditPlan, mayLabels: boolean, out: Sources, report: Report): Promise<void> {
  const how = { only: new Set(setup.images), foldersByOrder: !setup.folders, bitsFound: setup.bits };
  let labelled = mayLabels;
  let set: ImageSet | null = null;
  if (labelled)
    labelled = await there(out, async () => (set = await openSet(opened, setup.classes, await settledClasses(opened, setup), how)));
  if (!labelled && (opened.labels !== null || !mayLabels))
    await there(
      out,
      async () =>
        (set = await openSet({ ...opened, labels: null }, setup.classes, setup.classNames && { names: setup.classNames, ids: null }, how)),
    );
  // Assigned inside: the compiler does not see that.
  const found = set as ImageSet | null;
  if (found === null) return;
  const items = new Map(found.items.map((item) => [item.id, item]));
  const gone = setup.images.filter((id) => !items.has(id));
  if (gone.length > 0)
    out.notes.push(
      `Not checked: ${gone.length} of ${setup.images.length} images that the plan names are not there any more, such as ${gone[0]}.`,
    );
  let done = 0;
  for (const image of state.images.values()) {
    report(done++, state.images.size);
    const item = items.get(image.id);
    if (!item) continue;
    const label = image.labelGiven ? image.label : null;
    if (labelled && setup.output === null && item.label !== label)
      out.problems.push(`The label of ${item.source} is ${item.label ?? 'not given'}, the report says ${label ?? 'that none was given'}.`);
    if (item.source !== image.source)
      out.problems.push(`image ${image.id}, source: the report says ${image.source}, and it is ${item.source}.`);
    await there(out, async () => {
      if (pictureHash(await item.read()) !== image.hash)
        out.problems.push(`${item.source} is not the picture of the report: its hash differs.`);
    });
  }
  out.originals = gone.length === 0;
  out.labels = labelled && gone.length === 0;
}
