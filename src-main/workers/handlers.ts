import type { Gate } from '../attacks/problem/counted.ts';
import { runAttackJob } from '../audit/attackJob.ts';
import { runCheckJob } from '../audit/checkJob.ts';
import { runCleanJob } from '../audit/cleanJob.ts';
import { checkModelGradient } from '../audit/gradcheck.ts';
import { Installation } from '../audit/installation.ts';
import type { AuditTasks, Report } from '../audit/pool.ts';
import { prepare } from '../audit/prepare.ts';
import { verifyAudit } from '../audit/verify/index.ts';
import { repeatSample } from '../audit/verify/repeat.ts';
import { measure } from '../estimate/measure.ts';
import { passTime } from '../estimate/passTime.ts';
import { inspectModel, modelValues, unclearInputs } from '../explore/inspect.ts';
import { loadModel, weighModel } from '../explore/load.ts';
import { noiseOutput } from '../explore/noise.ts';
import { OpenMaps } from '../explore/openMaps.ts';
import { cutPicture } from '../explore/partition.ts';
import { PreviewSession } from '../explore/previewSession.ts';
import { probe } from '../explore/probe.ts';
import { SettledModels } from '../explore/settledModels.ts';
import { mapVulnerability } from '../explore/vulnerability.ts';
import { inspectGraph, loadGraph } from '../graph/index.ts';
import { checkDocuments } from '../report/check/index.ts';
import { chooseProvider } from '../runtime/providers.ts';
import type { CheckOptions } from '../runtime/stepwise.ts';
import { OpenModels, stampOf } from './openModels.ts';
import type { TaskName, Tasks } from './tasks.ts';

/** What a worker keeps between two tasks. */
export class Kept {
  readonly gate: Gate;
  readonly models = new OpenModels();
  readonly maps = new OpenMaps();
  readonly previews = new PreviewSession();
  readonly settled = new SettledModels();

  constructor(gate: Gate) {
    this.gate = gate;
  }
}

type Handler<N extends TaskName> = (input: Tasks[N]['in'], kept: Kept, report: Report) => Tasks[N]['out'] | Promise<Tasks[N]['out']>;

/** Who does which task; each knows its own input and answer. */
export const HANDLERS: { [N in TaskName]: Handler<N> } = {
  weigh: ({ model }) => weighModel(model),
  load: (request) => loadModel(request),
  inspect: (request) => inspectModel(request.model, request),
  identity: ({ model }) => inspectGraph(loadGraph(model)),
  values: ({ model, ...wanted }) => modelValues(model, wanted),
  unclearInputs: ({ model }) => unclearInputs(model),
  gradcheck: (request, { gate }, report) => checkModelGradient(request, checking(gate, report)),
  prepare: ({ plan }, { gate }, report) => prepare(plan, checking(gate, report)),
  job: (input, kept) => runJob(input, kept),
  noise: async (request, { models }) =>
    noiseOutput(request, await models.of({ ...request.plan, output: request.output.name, provider: 'cpu' })),
  measure: (request) => measure(request),
  async passTime(request, { models, gate }) {
    const { used } = await chooseProvider(request.plan.provider);
    return passTime(request, await models.of({ ...request.plan, provider: used }), gate);
  },
  partition: ({ picture, choice }) => cutPicture(picture, choice),
  async map(request, { maps, models, gate }) {
    const { used } = await chooseProvider(request.source.provider);
    return maps.map(request, await models.of({ ...request.source, provider: used }), gate);
  },
  mapMore: ({ map }, { maps }) => maps.more(map),
  mapAttack: ({ map, subset }, { maps }) => maps.attack(map, subset),
  mapTable: ({ map }, { maps }) => maps.table(map),
  vulnerability: (request, { gate }, report) => mapVulnerability({ ...request, gate, report }),
  verify({ folder, results, named, data, sampled }, { gate }, report) {
    const watched: Report = (done, total) => {
      void gate.check();
      report(done, total);
    };
    return verifyAudit(folder, results, named, new Installation(data), watched, sampled);
  },
  repeat: ({ data, ...request }, kept, report) =>
    repeatSample(request, new Installation(data), (context, job) => runJob({ context, job }, kept), kept.gate, report),
  documents: (request) => checkDocuments(request),
  preview(request, { previews, gate }) {
    const key = JSON.stringify([request.model, stampOf(request.model), request.input, request.fixed, request.output]);
    return previews.preview(request, key, gate);
  },
  async probe(task, kept) {
    const provider = await chooseProvider(task.plan.provider);
    const models = await kept.models.of({ ...task.plan, provider: provider.used });
    const setup = await kept.settled.of(task, provider, models, kept.gate);
    await kept.gate.check();
    return probe(task, setup, models, (input, onMiss) => runJob(input, kept, onMiss));
  },
};

async function runJob(
  { context, job }: AuditTasks['job']['in'],
  { models, gate }: Kept,
  onMiss?: (image: string, pixels: Float32Array) => void,
): Promise<AuditTasks['job']['out']> {
  const opened = await models.of(context);
  if (job.kind === 'clean') return runCleanJob(job, context, opened, gate);
  if (job.kind === 'check') return runCheckJob(job, context, opened, gate);
  return runAttackJob(job, context, opened, gate, onMiss);
}

/** Between two runs of a gradient check. */
function checking(gate: Gate, report: Report): CheckOptions['tell'] {
  return async (soFar, share) => {
    await gate.check();
    report(Math.round(1000 * share), 1000, soFar);
  };
}
