import { statSync } from 'node:fs';
import { UNCHECKED } from '../../shared/gradientCheck.ts';
import type { Gate } from '../attacks/problem/counted.ts';
import { inspectGraph, loadGraph } from '../graph/index.ts';
import { runAttackJob } from './attackJob.ts';
import { runCleanJob } from './cleanJob.ts';
import type { Report, TaskName, Tasks } from './workerPool.ts';
import { inspectModel, modelValues, unclearInputs } from './inspect.ts';
import type { JobOutcome } from './jobs.ts';
import { Installation } from './installation.ts';
import { loadModel, weighModel } from './load.ts';
import { OpenMaps } from './openMaps.ts';
import { Models } from './models.ts';
import type { ModelSource } from './models.ts';
import { noiseOutput } from './noise.ts';
import { pictureOf } from './picture.ts';
import { chooseProvider } from '../runtime/providers.ts';
import type { CheckOptions } from '../runtime/stepwise.ts';
import { checkModelGradient } from './gradcheck.ts';
import { measure } from './measure.ts';
import { passTime } from './passTime.ts';
import { cutPicture } from './partition.ts';
import { asksForGradients } from '../attacks/registry.ts';
import { onOutput } from '../goals/index.ts';
import { prepare, settle } from './prepare.ts';
import { PreviewSession } from './previewSession.ts';
import { probe } from './probe.ts';
import type { ProbeTask } from './probeTask.ts';
import type { Setup } from './records.ts';
import { verifyAudit } from './verify/index.ts';
import { repeatSample } from './verify/repeat.ts';
import { mapVulnerability } from './vulnerability.ts';

/** A worker's side of the tasks; keeps the sessions of the model it last worked on. */
export class TaskRunner {
  private readonly gate: Gate;
  private readonly maps = new OpenMaps();
  private readonly previews = new PreviewSession();
  private models: { key: string; models: Models } | null = null;
  /** What was settled of a model, for each shape of picture and kind of goal. */
  private readonly setups = new WeakMap<Models, Map<string, Setup>>();

  constructor(gate: Gate) {
    this.gate = gate;
  }

  async run<N extends TaskName>(name: N, input: Tasks[N]['in'], report: Report = () => undefined): Promise<Tasks[N]['out']> {
    switch (name) {
      case 'weigh':
        return weighModel((input as Tasks['weigh']['in']).model) as Tasks[N]['out'];
      case 'load':
        return (await loadModel(input as Tasks['load']['in'])) as Tasks[N]['out'];
      case 'inspect':
        return (await inspectModel((input as Tasks['inspect']['in']).model, input as Tasks['inspect']['in'])) as Tasks[N]['out'];
      case 'identity':
        return inspectGraph(loadGraph((input as Tasks['identity']['in']).model)) as Tasks[N]['out'];
      case 'values': {
        const { model, ...wanted } = input as Tasks['values']['in'];
        return (await modelValues(model, wanted)) as Tasks[N]['out'];
      }
      case 'unclearInputs':
        return unclearInputs((input as Tasks['unclearInputs']['in']).model) as Tasks[N]['out'];
      case 'gradcheck':
        return (await checkModelGradient(input as Tasks['gradcheck']['in'], this.checking(report))) as Tasks[N]['out'];
      case 'noise': {
        const request = input as Tasks['noise']['in'];
        return (await noiseOutput(
          request,
          await this.modelsFor({ ...request.plan, output: request.output.name, provider: 'cpu' }),
        )) as Tasks[N]['out'];
      }
      case 'measure':
        return (await measure(input as Tasks['measure']['in'])) as Tasks[N]['out'];
      case 'passTime': {
        const request = input as Tasks['passTime']['in'];
        return (await passTime(
          request,
          await this.modelsFor({ ...request.plan, provider: (await chooseProvider(request.plan.provider)).used }),
          this.gate,
        )) as Tasks[N]['out'];
      }
      case 'partition':
        return cutPicture((input as Tasks['partition']['in']).picture, (input as Tasks['partition']['in']).choice) as Tasks[N]['out'];
      case 'map': {
        const request = input as Tasks['map']['in'];
        const { used } = await chooseProvider(request.source.provider);
        return (await this.maps.map(request, await this.modelsFor({ ...request.source, provider: used }), this.gate)) as Tasks[N]['out'];
      }
      case 'mapMore':
        return (await this.maps.more((input as Tasks['mapMore']['in']).map)) as Tasks[N]['out'];
      case 'mapAttack': {
        const { map, subset } = input as Tasks['mapAttack']['in'];
        return (await this.maps.attack(map, subset)) as Tasks[N]['out'];
      }
      case 'mapTable':
        return this.maps.table((input as Tasks['mapTable']['in']).map) as Tasks[N]['out'];
      case 'vulnerability':
        return (await mapVulnerability({ ...(input as Tasks['vulnerability']['in']), gate: this.gate, report })) as Tasks[N]['out'];
      case 'verify': {
        const { folder, results, named, data, sampled } = input as Tasks['verify']['in'];
        const watched: Report = (done, total) => {
          void this.gate.check();
          report(done, total);
        };
        return (await verifyAudit(folder, results, named, new Installation(data), watched, sampled)) as Tasks[N]['out'];
      }
      case 'repeat': {
        const { data, ...request } = input as Tasks['repeat']['in'];
        return (await repeatSample(
          request,
          new Installation(data),
          (context, job) => this.job({ context, job }),
          this.gate,
          report,
        )) as Tasks[N]['out'];
      }
      case 'prepare':
        return (await prepare((input as Tasks['prepare']['in']).plan, this.checking(report))) as Tasks[N]['out'];
      case 'preview': {
        const request = input as Tasks['preview']['in'];
        const key = JSON.stringify([request.model, stampOf(request.model), request.input, request.fixed, request.output]);
        return (await this.previews.preview(request, key, this.gate)) as Tasks[N]['out'];
      }
      case 'probe':
        return (await this.probe(input as Tasks['probe']['in'])) as Tasks[N]['out'];
      case 'job':
        return (await this.job(input as Tasks['job']['in'])) as Tasks[N]['out'];
      default:
        throw new Error(`There is no task ${String(name)}.`);
    }
  }

  /** Between two runs of a gradient check. */
  private checking(report: Report): CheckOptions['tell'] {
    return async (soFar, share) => {
      await this.gate.check();
      report(Math.round(1000 * share), 1000, soFar);
    };
  }

  private async probe(task: ProbeTask): Promise<Tasks['probe']['out']> {
    const provider = await chooseProvider(task.plan.provider);
    const models = await this.modelsFor({ ...task.plan, provider: provider.used });
    const setup = await this.settled(task, provider, models);
    await this.gate.check();
    return probe(task, setup, models, (input, onMiss) => this.job(input, onMiss));
  }

  /** Once for a model is enough: what an audit settles of it does not depend on the image, but for its shape, nor on more of the plan than this. */
  private async settled({ plan, image }: ProbeTask, provider: Setup['provider'], models: Models): Promise<Setup> {
    const known = this.setups.get(models) ?? new Map<string, Setup>();
    this.setups.set(models, known);
    const { width, height, channels, label, source, id } = image;
    const key = [channels, height, width, onOutput(plan), asksForGradients(plan)].join();
    const item = { id, at: 0, source, width, height, channels, label, read: () => Promise.resolve(pictureOf(image)) };
    const setup =
      known.get(key) ??
      (await settle(
        plan,
        provider,
        models,
        image,
        () => Promise.resolve({ items: [item], total: 1, leftOut: [], classNames: null, warnings: [] }),
        () => this.gate.check(),
      ));
    // Where the picture gave no numbers, there was nothing to check.
    if (setup.gradientCheck !== UNCHECKED) known.set(key, setup);
    return setup;
  }

  private async job({ context, job }: Tasks['job']['in'], onMiss?: (image: string, pixels: Float32Array) => void): Promise<JobOutcome[]> {
    const models = await this.modelsFor(context);
    if (job.kind === 'clean') return (await runCleanJob(job, context, models, this.gate)).map((image) => ({ type: 'image', image }));
    return (await runAttackJob(job, context, models, this.gate, onMiss)).map((finding) => ({ type: 'finding', finding }));
  }

  private async modelsFor(context: ModelSource): Promise<Models> {
    const key = JSON.stringify([
      context.model,
      stampOf(context.model),
      context.input,
      context.fixed,
      context.output,
      context.answer,
      context.preprocessing,
      context.provider,
    ]);
    if (this.models?.key !== key) {
      const old = this.models;
      // Closed but once, even where the next model does not open.
      this.models = null;
      await old?.models.close();
      this.models = { key, models: new Models(context) };
    }
    return this.models.models;
  }
}

/** Tells a file from the one that lay there before; one that is gone is told of when it is opened. */
function stampOf(file: string): string {
  const stat = statSync(file, { throwIfNoEntry: false });
  return stat ? `${stat.size} ${stat.mtimeMs}` : '';
}
