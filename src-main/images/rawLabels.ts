/** A label as written: a class number or a class name. */
export type RawLabel = number | string;

/**
 * What a labels file holds: one label per picture in order (null: none), or labels by picture name or number. `byHand`:
 * which places of the list were set by hand, and `was`: what they held before. `columns`: where the file has a column for each class,
 * their names, which the labels are then among. `names`: what the classes are called, where the labels are numbers and the file has both.
 * `twice`: pictures that it gives several labels, by their plain path.
 */
export type LabelFile = (
  | { kind: 'list'; labels: (RawLabel | null)[]; byHand?: number[]; was?: (RawLabel | null)[]; names?: RawLabel[] }
  | { kind: 'map'; labels: Map<string, RawLabel>; names?: Map<string, RawLabel>; twice?: ReadonlyMap<string, string> }
) & { columns?: readonly string[] };
