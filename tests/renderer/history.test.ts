import { describe, expect, it } from 'vitest';
import { changed, History } from '../../src-renderer/logic/history.ts';

describe('the history of settings', () => {
  it('goes back and forth, one gesture a step', () => {
    const history = new History({ a: 0, b: 0 });
    history.take({ a: 1, b: 0 }, 1, false, 0);
    history.take({ a: 1, b: 2 }, 2, false, 10);
    expect([history.undoable, history.redoable]).toEqual([2, 0]);
    expect(history.undo()).toEqual({ to: { a: 1, b: 0 }, names: ['b'] });
    expect(history.undo()).toEqual({ to: { a: 0, b: 0 }, names: ['a'] });
    expect(history.undo()).toBeNull();
    expect(history.redo()).toEqual({ to: { a: 1, b: 0 }, names: ['a'] });
    // What is set then takes the place of what was undone.
    history.take({ a: 1, b: 5 }, 3, false, 20);
    expect(history.redo()).toBeNull();
    expect(history.undo()!.to).toEqual({ a: 1, b: 0 });
  });

  it('takes a drag as one step however long it lasts, and typing while it goes on', () => {
    const history = new History({ a: 0 });
    for (let i = 1; i <= 5; i++) history.take({ a: i }, 7, true, 5000 * i);
    expect(history.undoable).toBe(1);
    // Another press of the pointer is another step, even at once.
    history.take({ a: 6 }, 8, true, 25_001);
    expect(history.undoable).toBe(2);
    for (const [time, a] of [
      [26_000, 7],
      [26_900, 8],
      [29_000, 9],
    ] as const)
      history.take({ a }, 8, false, time);
    expect(history.undoable).toBe(3);
    expect([history.undo()!.to, history.undo()!.to, history.undo()!.to]).toEqual([{ a: 8 }, { a: 5 }, { a: 0 }]);
  });

  it('does not join what is done after going back with what was before', () => {
    const history = new History({ a: 0 });
    history.take({ a: 1 }, 1, false, 0);
    history.undo();
    history.redo();
    history.take({ a: 2 }, 1, false, 5);
    expect(history.undo()!.to).toEqual({ a: 1 });
  });

  it('takes settings of the same content as the same, and forgets the oldest of very many', () => {
    expect(changed({ a: [1], b: { c: 1 }, d: 1 }, { a: [1], b: { c: 2 }, e: 1 })).toEqual(['b', 'd', 'e']);
    const history = new History({ a: 0 });
    history.take({ a: 0 }, 1, false, 0);
    expect(history.undoable).toBe(0);
    for (let i = 1; i <= 300; i++) history.take({ a: i }, i, false, i);
    expect(history.undoable).toBe(200);
  });
});
