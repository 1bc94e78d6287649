import { figuresText, figureText, type FigureCard, type GoalWords } from '../../shared/goalWords.ts';
import type { Figures } from '../../shared/results.ts';

/** What a goal reports of an output, in words. */
export interface GoalFigures {
  cards: readonly FigureCard[];
  /** What a figure is called. */
  name(card: FigureCard): string;
  /** The one that the goal is judged by, alone. @param digits behind the point, where there is less room than usual */
  judged(of: Figures, digits?: number): string;
  /** All that are there. */
  all(of: Figures): string;
}

/** @param cards of the goal, none of goals on classes */
export function goalFigures(cards: readonly FigureCard[], words: Pick<GoalWords, 'figures'>): GoalFigures {
  const [first] = cards;
  return {
    cards,
    name: ({ name }) => words.figures?.[name] ?? name,
    judged: (of, digits) => (first ? figureText(first, of[first.name], digits) : ''),
    all: (of) => figuresText(cards, words, of),
  };
}
