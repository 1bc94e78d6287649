import { describe, expect, it } from 'vitest';
import { Cancelled, Crashed, traceOf, UserError } from '../../shared/errors.ts';
import { errorOf, failureOf } from '../../src-main/workers/pool.ts';

function thrown(): Error {
  return new Error('a bug');
}

describe('where a fault was thrown', () => {
  it('is told by the calls that led there, by bare names', () => {
    const calls = traceOf(thrown())!.split(' | ');
    expect(calls[0]).toMatch(/^at thrown \(trace\.test\.ts:\d+:\d+\)$/);
    expect(calls.length).toBeLessThanOrEqual(12);
    // Neither folders nor URLs: they would tell of the machine.
    expect(calls.join()).not.toMatch(/[/\\]/);
  });

  it('is not lost on the way from a worker', () => {
    const error = errorOf(JSON.parse(JSON.stringify(failureOf(3, thrown()))) as ReturnType<typeof failureOf>);
    expect(error.message).toBe('a bug');
    expect(traceOf(error)).toMatch(/^at thrown \(trace\.test\.ts/);
  });

  it('is nobody’s business of what people can mend, of a cancel and of a crash', () => {
    for (const error of [new UserError('Give a file.'), new Cancelled(), new Crashed('SIGSEGV'), 'text', { message: 'no error' }])
      expect(traceOf(error)).toBeNull();
    expect(errorOf(failureOf(1, new UserError('Give a file.')))).toBeInstanceOf(UserError);
  });
});
