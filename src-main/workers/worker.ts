import { parentPort, workerData } from 'node:worker_threads';
import type { Report } from '../audit/pool.ts';
import { TaskRunner } from './taskRunner.ts';
import type { TaskName } from './tasks.ts';
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
  runner
    .run(task.name as TaskName, task.input as never, report)
    .then((value) => say({ id: task.id, ok: true, value }))
    .catch((error: unknown) => say(failureOf(task.id, error)));
});
say({ ready: true });
