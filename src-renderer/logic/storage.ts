/** Small settings of the window, kept between visits; a private window without storage simply forgets. */
export function readSetting(key: string): string | null {
  try {
    return localStorage.getItem(`hairline.${key}`);
  } catch {
    return null;
  }
}

/** The same until the window is closed, for this window alone: it outlives a page that is loaded again. */
export function readSession(key: string): string | null {
  try {
    return sessionStorage.getItem(`hairline.${key}`);
  } catch {
    return null;
  }
}

export function writeSession(key: string, value: string): void {
  try {
    sessionStorage.setItem(`hairline.${key}`, value);
  } catch {
    // Forgotten.
  }
}

export function removeSession(key: string): void {
  try {
    sessionStorage.removeItem(`hairline.${key}`);
  } catch {
    // There was none.
  }
}

export function writeSetting(key: string, value: string): void {
  try {
    localStorage.setItem(`hairline.${key}`, value);
  } catch {
    // Forgotten.
  }
}
