import { UserError } from '../../../shared/errors.ts';
import type { Preprocessing } from '../../../shared/plan.ts';

/**
 * One axis of a geometry: `from` samples are resampled to `scaled`; sample s of these lands on output s + offset.
 * A negative offset crops; outputs that nothing lands on are padding.
 */
export interface Axis {
  from: number;
  scaled: number;
  to: number;
  offset: number;
}

/**
 * Where a picture of height x width pixels lands on what the network reads.
 *
 * centre-crop follows torchvision's Resize and CenterCrop: the longer side is rounded down, the corner of the crop is
 * rounded half to even, and a picture smaller than the crop is padded. letterbox rounds the scaled size to the nearest
 * pixel; where a border is odd, the extra pixel goes right and below.
 * @throws UserError when a size is missing, or `pad` meets a picture larger than its canvas.
 */
export function planGeometry(spec: Preprocessing, height: number, width: number): { rows: Axis; cols: Axis } {
  if (spec.geometry === 'none') return { rows: same(height), cols: same(width) };
  if (spec.width === null || spec.height === null)
    throw new UserError(`The preprocessing ${spec.geometry} needs a width and a height: give the size that the network reads.`);
  const [outHeight, outWidth] = [spec.height, spec.width];
  switch (spec.geometry) {
    case 'stretch':
      return {
        rows: { from: height, scaled: outHeight, to: outHeight, offset: 0 },
        cols: { from: width, scaled: outWidth, to: outWidth, offset: 0 },
      };
    case 'centre-crop': {
      const short = spec.resizeTo ?? Math.max(outHeight, outWidth);
      const long = Math.floor((short * Math.max(height, width)) / Math.min(height, width));
      const axis = (from: number, scaled: number, to: number): Axis => ({
        from,
        scaled,
        to,
        offset: scaled >= to ? -halfToEven((scaled - to) / 2) : Math.floor((to - scaled) / 2),
      });
      return { rows: axis(height, height <= width ? short : long, outHeight), cols: axis(width, height <= width ? long : short, outWidth) };
    }
    case 'letterbox': {
      const scale = Math.min(outHeight / height, outWidth / width);
      const axis = (from: number, to: number): Axis => {
        const scaled = Math.min(to, Math.max(1, Math.round(from * scale)));
        return { from, scaled, to, offset: Math.floor((to - scaled) / 2) };
      };
      return { rows: axis(height, outHeight), cols: axis(width, outWidth) };
    }
    case 'pad': {
      if (height > outHeight || width > outWidth)
        throw new UserError(
          `The picture is ${width} x ${height}, larger than the ${outWidth} x ${outHeight} it shall be padded to: use letterbox or centre-crop.`,
        );
      const axis = (from: number, to: number): Axis => ({ from, scaled: from, to, offset: Math.floor((to - from) / 2) });
      return { rows: axis(height, outHeight), cols: axis(width, outWidth) };
    }
  }
}

const same = (size: number): Axis => ({ from: size, scaled: size, to: size, offset: 0 });

/** Python's round, as torchvision uses it. */
function halfToEven(value: number): number {
  const low = Math.floor(value);
  if (value - low !== 0.5) return Math.round(value);
  return low % 2 === 0 ? low : low + 1;
}
