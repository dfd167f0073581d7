import type { ByteSource } from '../../source/bytes.js'
import { DESCRIPTOR_BYTES } from '../../source/kdumpHeader.js'
import { u64, viewOf } from '../../source/view.js'

/** Descriptors read at once, and how many such windows are kept: 1.5 MB at most, whatever the dump's size. */
const WINDOW = 1024
const WINDOWS = 64

/** The table of page descriptors of one kdump-compressed file: `struct page_desc` by its position. */
export class PageDescriptors {
  readonly #source: ByteSource
  readonly #at: number
  readonly #littleEndian: boolean
  readonly #numbers = new Float64Array(WINDOWS).fill(-1)
  readonly #views: (DataView | undefined)[] = []

  /** Of the descriptor last looked up: where the data lie, how many bytes, and how they are compressed. */
  offset = 0
  bytes = 0
  flags = 0

  constructor(source: ByteSource, at: number, littleEndian: boolean) {
    this.#source = source
    this.#at = at
    this.#littleEndian = littleEndian
  }

  /** Looks up the descriptor at a position; false where the file ends before it. */
  find(position: number): boolean {
    const number = Math.floor(position / WINDOW)
    const slot = number % WINDOWS
    if (this.#numbers[slot] !== number) {
      this.#views[slot] = viewOf(this.#source.read(this.#at + number * WINDOW * DESCRIPTOR_BYTES, WINDOW * DESCRIPTOR_BYTES))
      this.#numbers[slot] = number
    }
    const view = this.#views[slot]!
    const at = (position - number * WINDOW) * DESCRIPTOR_BYTES
    if (at + DESCRIPTOR_BYTES > view.byteLength) return false
    this.offset = u64(view, at, this.#littleEndian)
    this.bytes = view.getUint32(at + 8, this.#littleEndian)
    this.flags = view.getUint32(at + 12, this.#littleEndian)
    return true
  }
}
