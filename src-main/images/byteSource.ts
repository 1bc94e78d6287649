/** Bytes that can be read in part, so that a data set larger than memory can be opened. */
export interface ByteSource {
  readonly size: number;
  /** `length` bytes from `offset`; fewer where the source ends. */
  read(offset: number, length: number): Promise<Uint8Array>;
}
