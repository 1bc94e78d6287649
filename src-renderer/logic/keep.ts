/** Small settings of the window, kept between visits; a private window without storage simply forgets. */
export function kept(key: string): string | null {
  try {
    return localStorage.getItem(`hairline.${key}`);
  } catch {
    return null;
  }
}

export function keep(key: string, value: string): void {
  try {
    localStorage.setItem(`hairline.${key}`, value);
  } catch {
    // Forgotten.
  }
}
