import { existsSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { dirname, join } from 'node:path';
import type { z } from 'zod';
import type { CallIn, CallName, CallOut, CALLS, PictureAddress, RunEvent, SampleName } from '../../shared/contract.ts';
import { UserError } from '../../shared/errors.ts';
import type { Results } from '../../shared/results.ts';
import { attackCards } from '../attacks/registry.ts';
import { checkCards } from '../checks/registry.ts';
import { goalCards } from '../goals/index.ts';
import { findBeside } from '../explore/beside.ts';
import { tellFiles } from '../explore/tellFile.ts';
import { NO_FILES, planToOpen } from '../audit/files.ts';
import { Installation } from '../audit/installation.ts';
import { FILES, SIZES } from '../audit/jobs.ts';
import { readPng } from '../audit/picture.ts';
import { demandModel } from '../audit/unchanged.ts';
import { checkPlan } from '../audit/plan.ts';
import { Folder } from '../files/folder.ts';
import { locked } from '../files/lock.ts';
import { encodePng, encodeSheet, openImages } from '../images/index.ts';
import type { ImageRef } from '../images/index.ts';
import { readClasses, readClassNames } from '../model/labels.ts';
import { difference } from '../report/index.ts';
import { offeredProviders } from '../runtime/providers.ts';
import { VERSION } from '../../shared/version.ts';
import type { Service } from './api.ts';
import { Audits } from './audits.ts';
import { readResults, writeDocuments } from './documents.ts';
import { nameClasses, relabel } from './byHand.ts';
import { WorkersProcess } from '../workers/workersProcess.ts';
import { Maps } from './maps.ts';
import { Explorer } from './explore.ts';
import { Checks } from './checks.ts';
import { LatestOnly } from '../workers/latestOnly.ts';
import { LimitedProcess } from '../workers/limited.ts';
import { Previews } from './previews.ts';
import type { EngineOptions } from './options.ts';
import { historyOf } from './progress.ts';
import { CostEstimator } from './costEstimator.ts';

/** Milliseconds that a check which nobody wants any more has to end by itself. */
const CHECK_GRACE = 500;

/** Inputs arrive checked, so what has a default is there. */
type Checked<N extends CallName> = z.output<(typeof CALLS)[N]['in']>;
type Handlers = { [N in CallName]: (input: Checked<N>) => Promise<CallOut<N>> | CallOut<N> };

/** Files that could not be taken and are named to the window. */
const NAMED = 500;

/** The real engine behind the contract: runs in the engine process, and in tests directly. */
export class EngineService implements Service {
  private readonly listeners = new Set<(event: RunEvent) => void>();
  private readonly audits: Audits;
  private readonly installation: Installation;
  /** Models that the window has opened: those its user named. */
  private readonly named = new Set<string>();
  /** The last of what is written into finished audits, one after the other. */
  private writing: Promise<unknown> = Promise.resolve();
  private readonly options: EngineOptions;
  /** One process for what a window asks between audits, so that the event loop stays free. */
  private readonly limited: LimitedProcess;
  /** What runs a model again and again has its own, so that this one is free for the next model. */
  private readonly timing: LimitedProcess;
  private readonly checks: Checks;
  private readonly maps: Maps;
  private readonly explorer: Explorer;
  private readonly previews: Previews;
  private readonly costs: CostEstimator;
  /** Images shown by the window before an audit, by id. */
  private readonly shown = new Map<string, ImageRef>();

  /** @param worker file of the worker's built code */
  constructor(options: EngineOptions, worker: string) {
    this.options = options;
    const child = join(dirname(worker), 'child.js');
    const limited = () => new LimitedProcess(child);
    const emit = (event: RunEvent) => {
      for (const listener of [...this.listeners]) listener(event);
    };
    this.limited = limited();
    this.timing = limited();
    this.costs = new CostEstimator(this.timing);
    this.checks = new Checks(new LatestOnly(new LimitedProcess(child, { grace: CHECK_GRACE, background: true })), emit);
    this.maps = new Maps(limited());
    // A window explores or edits the preprocessing: one process does for both.
    const live = new LatestOnly(limited());
    this.explorer = new Explorer(live);
    this.previews = new Previews(live);
    this.installation = new Installation(options.data);
    this.audits = new Audits(
      options.audits,
      this.installation,
      availableParallelism(),
      (size, control, weights) => new WorkersProcess(join(dirname(worker), 'child.js'), worker, size, control, { weights }),
      limited,
      emit,
    );
  }

  call<N extends CallName>(name: N, input: CallIn<N>): Promise<CallOut<N>> {
    const handler = this.handlers[name] as (input: unknown) => Promise<CallOut<N>> | CallOut<N>;
    return Promise.resolve().then(() => handler(input));
  }

  listen(listener: (event: RunEvent) => void): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  private readonly handlers: Handlers = {
    about: () => ({ hairline: VERSION, host: this.options.host, providers: offeredProviders() }),
    attacks: () => attackCards(),
    goals: () => goalCards(),
    checks: () => checkCards(),
    sample: ({ name }) => this.sample(name),
    inspect: (request) => {
      this.named.add(request.model);
      this.checks.turnTo(request.model);
      // What it says of the first picture comes next.
      this.previews.expect();
      return this.limited.run('inspect', request);
    },
    values: (request) => this.limited.run('values', request),
    unclearInputs: ({ model }) => this.limited.run('unclearInputs', { model }),
    gradcheck: ({ images, ...request }) => this.checks.check({ ...request, images: images.length > 0 ? images : null }),
    gradcheckStop: () => (this.checks.stop(), {}),
    images: async ({ classNames: file, modelNames, ...asked }) => {
      const list = file === null ? { names: modelNames, ids: null } : await readClasses(file, asked.classes);
      const { names } = list;
      const set = await openImages({
        ...asked,
        classNames: names,
        classIds: list.ids,
        lists: [asked.labels, file].filter((path) => path !== null),
        look: 'some',
      });
      for (const item of set.items) this.shown.set(item.id, item);
      const images = set.items.map(({ id, at, source, width, height, channels, label }) => ({
        id,
        at,
        source,
        width,
        height,
        channels,
        label,
      }));
      const leftOut = { total: set.leftOut.length, files: set.leftOut.slice(0, NAMED) };
      return { images, total: set.total, classNames: names ?? set.classNames, warnings: set.warnings, leftOut };
    },
    tell: ({ files, paths, classes }) => tellFiles(files, paths, classes),
    beside: ({ paths, classes }) => findBeside(paths, () => Promise.resolve(classes)),
    relabel: async ({ paths, labels, classNames: file, at, label }) => {
      const classNames = file === null ? null : await readClassNames(file, null);
      return { file: await relabel({ paths, labels, classNames }, at, label, this.options.audits) };
    },
    nameClasses: async ({ text, classes }) => ({ file: await nameClasses(text, classes, this.options.audits) }),
    partition: async ({ image, choice }) => {
      const picture = await this.shownImage(image).read();
      return { width: picture.width, height: picture.height, ...(await this.limited.run('partition', { picture, choice })) };
    },
    probe: (request) => this.explorer.probe(request, this.shownImage(request.image)),
    probeStop: () => (this.explorer.rest(), {}),
    preview: ({ images, ...request }) =>
      this.previews.preview(
        request,
        images.map((id) => this.shownImage(id)),
      ),
    estimate: ({ plan, pictures }) => this.costs.estimate(checkPlan(plan, process.cwd()), pictures),
    start: ({ plan, folder, resume, files }) => {
      const audit = this.audits.start(checkPlan(plan, process.cwd()), folder, resume, files);
      // Memory and cores are the audit's now.
      this.explorer.rest();
      this.checks.stop();
      return { audit };
    },
    pause: ({ audit }) => (this.audits.pause(audit), {}),
    resume: ({ audit, files }) => (this.audits.resume(audit, files), {}),
    cancel: ({ audit, interrupted }) => (this.audits.cancel(audit, interrupted), {}),
    audits: () => this.audits.list(),
    open: ({ file }) => this.audits.open(file),
    progress: ({ audit }) => historyOf(audit, this.audits.plan(audit), this.audits.folder(audit)),
    results: ({ audit }) => this.results(audit),
    noiseOutput: (request) => this.noiseOutput(request),
    map: ({ image, epsilon, partition, tries, probes, reference, peak, ...source }) => {
      if (image.kind === 'clean') this.demandNamed(image.audit, source.model);
      const read = async () =>
        image.kind === 'image'
          ? this.shownImage(image.image).read()
          : picture(() => readPng(this.audits.folder(image.audit), FILES.clean(image.image)));
      return this.maps.map({ source, setting: { epsilon, partition, tries, probes, reference, peak } }, read);
    },
    mapMore: ({ map }) => this.maps.more(map),
    mapAttack: ({ map, subset }) => this.maps.attack(map, subset),
    mapStop: async ({ map }) => (await this.maps.stop(map), {}),
    mapSave: async ({ map }) => ({ file: await this.maps.save(map, join(this.options.audits, 'maps')), url: null }),
    export: ({ audit, format }) => this.document(audit, format),
  };

  async picture(address: PictureAddress): Promise<Uint8Array> {
    if (address.kind === 'image') return encodePng(await this.shownImage(address.image).read());
    if (address.kind === 'sheet')
      return encodeSheet(
        address.images.map((id) => this.shownImage(id)),
        address.side,
      );
    if (address.kind === 'map') return this.maps.picture(address);
    if (address.kind === 'read') return this.previews.picture(address);
    if (address.kind === 'probe') return this.explorer.picture(address.probe, address.which);
    const folder = this.audits.folder(address.audit);
    const bytes = (name: string) => picture(() => new Folder(folder).readLater(name, SIZES.picture));
    const clean = FILES.clean(address.image);
    if (address.kind === 'clean') return bytes(clean);
    if (address.kind === 'clean-output') return bytes(FILES.output(address.image));
    const threat = this.audits.plan(address.audit).threats[address.threat];
    if (!threat) throw new UserError('The audit has no such threat model.');
    if (address.kind === 'output' || address.kind === 'noise-output') {
      const name = address.kind === 'output' ? FILES.broken : FILES.noise;
      return bytes(name(address.threat, threat.norm, address.attack, address.image));
    }
    const adversarial = FILES.adversarial(address.threat, threat.norm, address.attack, address.image);
    if (address.kind === 'adversarial') return bytes(adversarial);
    return encodePng((await picture(async () => difference(await readPng(folder, clean), await readPng(folder, adversarial)))).picture);
  }

  async close(): Promise<void> {
    await this.audits.close();
    this.maps.close();
    this.explorer.close();
    this.checks.rest();
    this.timing.close();
    this.limited.close();
  }

  private shownImage(id: string): ImageRef {
    const ref = this.shown.get(id);
    if (!ref) throw new UserError('This image is not loaded.');
    return ref;
  }

  /** As they are; of files that were dropped into a window its plan has the copies, which a map is made of. */
  private results(audit: string): Results {
    const results = readResults(this.audits.folder(audit));
    const plan = this.audits.plan(audit);
    return plan.dropped ? { ...results, plan } : results;
  }

  /** A model for an audit's picture comes from a person, or from a plan of this installation. @throws UserError for another one */
  private demandNamed(audit: string, model: string): void {
    if (this.named.has(model)) return;
    const [folder, plan] = [this.audits.folder(audit), this.audits.plan(audit)];
    planToOpen(plan, {
      named: NO_FILES,
      begunHere: plan.model === model && this.installation.began(folder, plan),
      needs: ['model'],
      folder,
    });
  }

  /** Writing into an audit that is through: alone there, and one thing at a time here. */
  private write<T>(folder: string, work: () => Promise<T>): Promise<T> {
    const mine = this.writing.then(() => locked(folder, work));
    this.writing = mine.catch(() => undefined);
    return mine;
  }

  private async noiseOutput({ audit, image: id, threat, attack, files }: Checked<'noiseOutput'>): Promise<CallOut<'noiseOutput'>> {
    const folder = this.audits.folder(audit);
    const results = readResults(folder);
    const image = results.images.find((one) => one.id === id);
    const finding = results.findings.find((one) => one.image === id && one.threat === threat && one.attack === attack);
    if (!image || !finding || results.output === null) throw new UserError('There is no such change of an output in this audit.');
    const plan = this.audits.plan(audit);
    const begunHere = this.installation.began(folder, plan);
    const opened = planToOpen(plan, { named: begunHere ? NO_FILES : files, begunHere, needs: ['model', 'pictures'], folder });
    await demandModel(opened.model, results.model);
    const request = { folder, plan: opened, output: results.output, image, finding };
    return this.write(folder, () => this.limited.run('noise', request));
  }

  private sample(name: SampleName): CallOut<'sample'> {
    const folder = join(this.options.assets, 'samples');
    const model = join(folder, `${name}.onnx`);
    if (!existsSync(model)) throw new UserError('The bundled sample is missing from this installation.');
    const names = join(folder, 'classes.txt');
    const images = [join(folder, name === 'colorizer' ? 'grey' : 'images')];
    return { model, images, labels: null, classNames: name === 'signs' && existsSync(names) ? names : null };
  }

  private async document(audit: string, format: 'pdf' | 'csv' | 'json'): Promise<CallOut<'export'>> {
    const folder = this.audits.folder(audit);
    const inside = new Folder(folder);
    const name = { pdf: FILES.pdf, csv: FILES.csv, json: FILES.results }[format];
    // A cancelled audit has no PDF until somebody wants it.
    if (!inside.has(name) && inside.has(FILES.results)) await this.write(folder, () => writeDocuments(folder, readResults(folder)));
    if (!inside.has(name)) throw new UserError('The audit is not finished, so there is nothing to export yet.');
    return { file: inside.at(name), url: null };
  }
}

/** @throws UserError for a picture of an audit that is not there */
async function picture<T>(read: () => Promise<T>): Promise<T> {
  try {
    return await read();
  } catch (error) {
    throw error instanceof UserError ? error : new UserError('There is no such picture.');
  }
}
