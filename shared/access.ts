/**
 * What an attack asks of the model: gradients, or scores alone, or nothing but whether the goal is reached. What it does not have
 * access to cannot be asked of its problem, nor by whatever rounds its pictures.
 */
export const ACCESS = ['gradient', 'scores', 'decision'] as const;
export type Access = (typeof ACCESS)[number];
