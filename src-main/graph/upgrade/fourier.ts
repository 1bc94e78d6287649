import { int } from '../attributes.ts';
import type { DType } from '../ir.ts';
import type { Lift, Lifters } from './lift.ts';

/** Longer signals would need a matrix that is larger than most networks. */
const LONGEST = 2048;

/**
 * The discrete Fourier transform as the matrix that it is, over (place, real or imaginary) to (frequency, real or imaginary).
 * Networks that use it (fast Fourier convolutions, Chi et al. 2020) transform the rows and columns of small maps.
 */
function dft(lift: Lift): void {
  const { node, builder } = lift;
  const [from, to] = [lift.dims(lift.x(0)), lift.dims(node.output[0]!)];
  const rank = from.length;
  const given = lift.version < 20 ? int(node, 'axis', 1) : lift.x(2) ? lift.data(2)[0]! : -2;
  const axis = given < 0 ? given + rank : given;
  const inverse = int(node, 'inverse', 0) === 1;
  if (inverse && int(node, 'onesided', 0)) lift.refuse('it gives a real signal back (inverse and onesided)');
  const [length, parts, frequencies] = [from[axis]!, from[rank - 1]!, to[axis]!];
  const period = lift.x(1) ? lift.data(1)[0]! : length;
  if (period > LONGEST) lift.refuse(`its signals are longer than ${LONGEST}`);
  const matrix = new Float64Array(length * parts * frequencies * 2);
  for (let l = 0; l < Math.min(length, period); l++)
    for (let k = 0; k < frequencies; k++) {
      const angle = (((l * k) % period) / period) * 2 * Math.PI * (inverse ? 1 : -1);
      const [c, s] = [Math.cos(angle), Math.sin(angle)].map((v) => (inverse ? v / period : v)) as [number, number];
      const put = (part: number, row: [number, number]) => matrix.set(row, ((l * parts + part) * frequencies + k) * 2);
      put(0, [c, s]);
      if (parts === 2) put(1, [-s, c]);
    }
  // The axis goes before the last, and both count as one.
  const others = from.map((_, i) => i).filter((i) => i !== axis && i !== rank - 1);
  const perm = [...others, axis, rank - 1];
  const lead = others.map((i) => from[i]!);
  const rows = lift.emit('Reshape', [lift.emit('Transpose', [lift.x(0)], { perm }), builder.ints([...lead, length * parts])]);
  const turned = lift.emit('MatMul', [
    rows,
    builder.constant(matrix, [length * parts, frequencies * 2], lift.type(lift.x(0)) as DType, 'fourier'),
  ]);
  const open = lift.emit('Reshape', [turned, builder.ints([...lead, frequencies, 2])]);
  lift.finish('Transpose', [open], { perm: perm.map((_, i) => perm.indexOf(i)) });
}

export const fourier: Lifters = { DFT: { since: Infinity, lift: dft } };
