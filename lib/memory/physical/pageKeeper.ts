/** Keeps decompressed pages, by number. */
export interface PageKeeper {
  /** The page, if it is kept. */
  get(number: number): Uint8Array | undefined
  /** Room for a page: {@link get} finds it once it is filled and {@link keep} was called. */
  room(number: number): Uint8Array
  keep(number: number): void
}
