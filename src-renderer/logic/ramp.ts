/** A colour in Oklab: lightness 0 to 1, and two axes of hue (Ottosson 2020). Equal distances look equally far apart. */
export type Lab = readonly [l: number, a: number, b: number];
export type Rgb = readonly [r: number, g: number, b: number];

/** Steps of the ramp. */
const STEPS = 256;
/** Where it begins and ends in lightness; the rest of the way the hue turns from violet through red to yellow, in degrees. */
const LIGHT = [0.16, 0.94] as const;
const HUE = [290, 465] as const;

/** Linear light of the sRGB primaries. */
function linearOf([l, a, b]: Lab): [number, number, number] {
  const [x, y, z] = [
    l + 0.3963377774 * a + 0.2158037573 * b,
    l - 0.1055613458 * a - 0.0638541728 * b,
    l - 0.0894841775 * a - 1.291485548 * b,
  ].map((v) => v ** 3) as [number, number, number];
  return [
    4.0767416621 * x - 3.3077115913 * y + 0.2309699292 * z,
    -1.2684380046 * x + 2.6097574011 * y - 0.3413193965 * z,
    -0.0041960863 * x - 0.7034186147 * y + 1.707614701 * z,
  ];
}

/** A colour that screens have, in Oklab. */
export function labOf(rgb: Rgb): Lab {
  const [r, g, b] = rgb.map((v) => (v / 255 <= 0.04045 ? v / 255 / 12.92 : ((v / 255 + 0.055) / 1.055) ** 2.4)) as [number, number, number];
  const [x, y, z] = [
    0.4122214708 * r + 0.5363325363 * g + 0.0514459929 * b,
    0.2119034982 * r + 0.6806995451 * g + 0.1073969566 * b,
    0.0883024619 * r + 0.2817188376 * g + 0.6299787005 * b,
  ].map(Math.cbrt) as [number, number, number];
  return [
    0.2104542553 * x + 0.793617785 * y - 0.0040720468 * z,
    1.9779984951 * x - 2.428592205 * y + 0.4505937099 * z,
    0.0259040371 * x + 0.7827717662 * y - 0.808675766 * z,
  ];
}

export const distance = (a: Lab, b: Lab): number => Math.hypot(a[0] - b[0], a[1] - b[1], a[2] - b[2]);

/** As strong a colour of this lightness and hue as screens have, up to a strength that is largest in the middle. */
function colourAt(t: number): Lab {
  const l = LIGHT[0] + t * (LIGHT[1] - LIGHT[0]);
  const angle = ((HUE[0] + t * (HUE[1] - HUE[0])) * Math.PI) / 180;
  let chroma = 0.05 + 0.15 * Math.sin(Math.PI * Math.min(1, 0.1 + 0.8 * t));
  const at = (c: number): Lab => [l, c * Math.cos(angle), c * Math.sin(angle)];
  while (chroma > 0 && linearOf(at(chroma)).some((v) => v < 0 || v > 1)) chroma -= 0.002;
  return at(Math.max(0, chroma));
}

/** Points of the way that lie equally far apart to the eye. */
function evenly(): Rgb[] {
  const fine = Array.from({ length: 8 * STEPS }, (_, i) => colourAt(i / (8 * STEPS - 1)));
  const along = [0];
  for (let i = 1; i < fine.length; i++) along.push(along[i - 1]! + distance(fine[i - 1]!, fine[i]!));
  let at = 0;
  return Array.from({ length: STEPS }, (_, i) => {
    const wanted = (i / (STEPS - 1)) * along.at(-1)!;
    while (at < fine.length - 1 && along[at]! < wanted) at++;
    return linearOf(fine[at]!).map((v) =>
      Math.round(255 * (v <= 0.0031308 ? 12.92 * v : 1.055 * v ** (1 / 2.4) - 0.055)),
    ) as unknown as Rgb;
  });
}

/**
 * From dark violet through red to light yellow: lightness grows all the way, so that it reads in grey and whatever colours an eye can
 * tell apart, and in equal steps.
 */
export const RAMP: readonly Rgb[] = evenly();

/** @param share 0 to 1; what lies beyond is cut */
export function rampAt(share: number): Rgb {
  return RAMP[Math.round(Math.min(1, Math.max(0, share)) * (STEPS - 1))]!;
}
