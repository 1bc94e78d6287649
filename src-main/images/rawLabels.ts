/** A label as written: a class number or a class name. */
export type RawLabel = number | string;

/**
 * What a labels file holds: one label per picture in order (null: none), or labels by picture name or number. `byHand`:
 * which places of the list were set by hand, and `was`: what they held before. `columns`: where the file has a column for each class,
 * their names, which the labels are then among.
 */
export type LabelFile = (
  | { kind: 'list'; labels: (RawLabel | null)[]; byHand?: number[]; was?: (RawLabel | null)[] }
  | { kind: 'map'; labels: Map<string, RawLabel> }
) & { columns?: readonly string[] };
