import type { Gate } from '../attacks/counted.ts';
import { runAttackJob } from './attackJob.ts';
import { runCleanJob } from './cleanJob.ts';
import type { TaskName, Tasks } from './crew.ts';
import { inspectModel } from './inspect.ts';
import type { JobOutcome } from './jobs.ts';
import { Models } from './models.ts';
import type { ModelSource } from './models.ts';
import { noiseOutput } from './noise.ts';
import { checkModelGradient } from './gradcheck.ts';
import { prepare } from './prepare.ts';

/** A worker's side of the tasks; keeps the sessions of the model it last worked on. */
export class TaskRunner {
  private readonly gate: Gate;
  private models: { key: string; models: Models } | null = null;

  constructor(gate: Gate) {
    this.gate = gate;
  }

  async run<N extends TaskName>(name: N, input: Tasks[N]['in']): Promise<Tasks[N]['out']> {
    switch (name) {
      case 'inspect':
        return (await inspectModel((input as Tasks['inspect']['in']).model, input as Tasks['inspect']['in'])) as Tasks[N]['out'];
      case 'gradcheck':
        return (await checkModelGradient(input as Tasks['gradcheck']['in'])) as Tasks[N]['out'];
      case 'noise': {
        const request = input as Tasks['noise']['in'];
        return (await noiseOutput(request, await this.modelsFor({ ...request.plan, output: request.field.name, provider: 'cpu' }))) as Tasks[N]['out'];
      }
      case 'prepare':
        return (await prepare((input as Tasks['prepare']['in']).plan)) as Tasks[N]['out'];
      case 'job':
        return (await this.job(input as Tasks['job']['in'])) as Tasks[N]['out'];
      default:
        throw new Error(`There is no task ${String(name)}.`);
    }
  }

  private async job({ context, job }: Tasks['job']['in']): Promise<JobOutcome[]> {
    const models = await this.modelsFor(context);
    if (job.kind === 'clean') return (await runCleanJob(job, context, models, this.gate)).map((image) => ({ type: 'image', image }));
    return (await runAttackJob(job, context, models, this.gate)).map((finding) => ({ type: 'finding', finding }));
  }

  private async modelsFor(context: ModelSource): Promise<Models> {
    const key = JSON.stringify([context.model, context.input, context.fixed, context.output, context.preprocessing, context.provider]);
    if (this.models?.key !== key) {
      await this.models?.models.close();
      this.models = { key, models: new Models(context) };
    }
    return this.models.models;
  }
}
