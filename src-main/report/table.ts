import type { Paper, Block, TextStyle } from './paper.ts';
import type { Rich } from './rich.ts';
import { BODY_WIDTH, COLOR, PAGE, SIZE } from './theme.ts';

export interface Column {
  title: string;
  /** Share of the width that is left after the fixed columns, or points. */
  share?: number;
  points?: number;
  align?: 'left' | 'right';
  face?: TextStyle['face'];
}
/** What a cell holds: text, or a drawing that decorates the row (its text stands in other cells). */
export type Cell = Rich | { draw: (x: number, y: number, width: number, height: number) => void };
export interface Row {
  cells: Cell[];
  /** A stronger line above: a new group of rows begins. */
  group?: boolean;
}

export interface TableOptions {
  /** A heading that stays with the table. */
  title?: { level: 1 | 2; text: string };
  after?: number;
}

const PAD = { x: 5, y: 2.5 };
/** A table lower than this is not split over pages. */
const WHOLE = 300;

/**
 * A table over the body's width, tagged with header cells. Rows stay whole; on a new page the header is
 * drawn again (as decoration). Numbers are set right with digits of one width.
 */
export function table(paper: Paper, columns: Column[], rows: Row[], { title, after = 12 }: TableOptions = {}): void {
  const widths = columnWidths(columns);
  const lefts = widths.map((_, i) => PAGE.left + widths.slice(0, i).reduce((a, b) => a + b, 0));
  const style = (i: number): TextStyle => ({
    size: SIZE.table,
    align: columns[i]!.align ?? 'left',
    leading: 1.32,
    ...(columns[i]!.face ? { face: columns[i]!.face } : {}),
  });
  // The first and last columns end flush with the body.
  const padLeft = (i: number): number => (i === 0 ? 0 : PAD.x);
  const inner = (i: number): number => widths[i]! - padLeft(i) - (i === columns.length - 1 ? 0 : PAD.x);
  const fit = (cells: Cell[], extra: TextStyle = {}): (Block | null)[] =>
    cells.map((cell, i) => (isDrawing(cell) ? null : paper.measure(cell, inner(i), { ...style(i), ...extra })));
  const heightOf = (blocks: (Block | null)[]): number => Math.max(...blocks.map((block) => block?.height ?? 0)) + 2 * PAD.y;

  const head = fit(
    columns.map((column) => column.title),
    { face: 'bold', size: SIZE.small, color: COLOR.soft },
  );
  const headHeight = heightOf(head);
  const bodies = rows.map((row) => fit(row.cells));
  const drawHead = (tagged: boolean): void => {
    const y = paper.y;
    const bottomAligned = (block: Block): number => y + headHeight - PAD.y - block.height;
    const each = (draw: (block: Block, i: number) => void): void => head.forEach((block, i) => block && draw(block, i));
    if (tagged) {
      const element = paper.open('TR');
      each((block, i) => paper.leaf('TH', { scope: 'Column' }, () => paper.draw(block, lefts[i]! + padLeft(i), bottomAligned(block))));
      paper.close(element);
    } else paper.decorate(() => each((block, i) => paper.draw(block, lefts[i]! + padLeft(i), bottomAligned(block))));
    paper.y += headHeight;
    paper.rule(paper.y, COLOR.soft, 0.7);
  };

  // A small table stays whole; of a large one, the header and two rows.
  const total = headHeight + bodies.reduce((sum, blocks) => sum + heightOf(blocks), 0);
  const start = total < WHOLE ? total : headHeight + bodies.slice(0, 2).reduce((sum, blocks) => sum + heightOf(blocks), 0);
  if (title) paper.heading(title.level, title.text, start);
  paper.need(start);
  const element = paper.open('Table');
  drawHead(true);
  rows.forEach((row, r) => {
    const blocks = bodies[r]!;
    const height = heightOf(blocks);
    if (paper.y + height > paper.bottom) {
      paper.addPage();
      drawHead(false);
    } else if (r > 0) paper.rule(paper.y, row.group ? COLOR.faint : COLOR.rule, row.group ? 0.6 : 0.4);
    const y = paper.y;
    const line = paper.open('TR');
    row.cells.forEach((cell, i) => {
      const x = lefts[i]! + padLeft(i);
      if (isDrawing(cell)) {
        // An empty cell keeps the row's count of cells right; the drawing says nothing that the others do not.
        paper.leaf('TD', {}, () => undefined);
      } else paper.leaf('TD', {}, () => paper.draw(blocks[i]!, x, y + PAD.y));
    });
    paper.close(line);
    row.cells.forEach((cell, i) => {
      if (isDrawing(cell)) paper.decorate(() => cell.draw(lefts[i]! + padLeft(i), y, inner(i), height));
    });
    paper.y = y + height;
  });
  paper.close(element);
  paper.rule(paper.y, COLOR.soft, 0.7);
  paper.y += after;
}

/** Names with their values in two columns, for facts: a table whose first cells are the headers. */
export function facts(paper: Paper, entries: [string, Rich][], { title, after = 12 }: TableOptions = {}): void {
  const label = 118;
  const rows = entries.map(([name, value]) => ({
    left: paper.measure(name, label - 8, { size: SIZE.table, color: COLOR.soft, leading: 1.35 }),
    right: paper.measure(value, BODY_WIDTH - label, { size: SIZE.table, leading: 1.35 }),
  }));
  const heightOf = ({ left, right }: (typeof rows)[number]): number => Math.max(left.height, right.height) + 4.6;
  const total = rows.reduce((sum, row) => sum + heightOf(row), 0);
  const start = total < WHOLE ? total : 60;
  if (title) paper.heading(title.level, title.text, start);
  paper.need(start);
  const element = paper.open('Table');
  rows.forEach((row, i) => {
    const { left, right } = row;
    if (paper.y + Math.min(heightOf(row), 80) > paper.bottom) paper.addPage();
    else if (i > 0) paper.rule(paper.y, COLOR.rule, 0.4);
    const line = paper.open('TR');
    paper.leaf('TH', { scope: 'Row' }, () => paper.draw(left, PAGE.left, paper.y + 2.3));
    paper.leaf('TD', {}, () => {
      paper.y = paper.flow(right, PAGE.left + label, paper.y + 2.3);
    });
    paper.close(line);
    paper.y += 2.3;
  });
  paper.close(element);
  paper.y += after;
}

function isDrawing(cell: Cell): cell is { draw: (x: number, y: number, width: number, height: number) => void } {
  return typeof cell === 'object' && 'draw' in cell;
}

function columnWidths(columns: Column[]): number[] {
  const fixed = columns.reduce((sum, column) => sum + (column.points ?? 0), 0);
  const shares = columns.reduce((sum, column) => sum + (column.points === undefined ? (column.share ?? 1) : 0), 0);
  return columns.map((column) => column.points ?? ((BODY_WIDTH - fixed) * (column.share ?? 1)) / shares);
}
