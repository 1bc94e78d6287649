/** Falls from one value to another along half a cosine (Loshchilov and Hutter 2017, eq. 5). @param step of `steps` */
export function cosine(step: number, steps: number, from = 1, to = 0): number {
  return to + ((from - to) * (1 + Math.cos((Math.PI * step) / steps))) / 2;
}
