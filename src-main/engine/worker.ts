import { parentPort, workerData } from 'node:worker_threads';
import type { Report, TaskName, Tasks } from '../audit/workerPool.ts';
import { TaskRunner } from '../audit/tasks.ts';
import { checkDocuments } from '../report/check/index.ts';
import { sharedGate } from './gate.ts';
import { failureOf } from './pool.ts';
import type { FromWorker, ToWorker, WorkerData } from './pool.ts';
import { stepBack } from './priority.ts';

/** A worker thread: one task at a time, each with its own onnxruntime sessions. */
const port = parentPort;
if (!port) throw new Error('worker.ts runs as a worker thread only');
const { shared, background } = workerData as WorkerData;
// Before onnxruntime starts threads of its own, which inherit it.
if (background) stepBack();
const runner = new TaskRunner(sharedGate(shared));

const say = (message: FromWorker) => port.postMessage(message);
port.on('message', (task: ToWorker) => {
  const report: Report = (...progress) => say({ id: task.id, progress });
  const work =
    task.name === 'documents'
      ? checkDocuments(task.input as Tasks['documents']['in'])
      : runner.run(task.name as TaskName, task.input as never, report);
  (work as Promise<unknown>)
    .then((value) => say({ id: task.id, ok: true, value }))
    .catch((error: unknown) => say(failureOf(task.id, error)));
});
say({ ready: true });
