import { FormatError } from '../errors.js'
import type { Warnings } from '../warnings.js'
import { isBtf } from './btf.js'
import { isElf } from './elfCore.js'
import { elfBuildId, elfSection } from './elfSection.js'
import { fileChunks, openFile, wrappingOf } from './file.js'
import { paholeBtf } from './pahole.js'
import { unwrap } from './unwrap.js'

/** BTF as a file holds it. */
export interface BtfFile {
  readonly name: string
  readonly bytes: Uint8Array
  /** Build id of the vmlinux it came with; null for plain BTF, which has none. */
  readonly buildId: string | null
}

/** No kernel has more; a file that large is something else. */
const LARGEST_BTF_BYTES = 1 << 28

/**
 * BTF out of a file: plain BTF (/sys/kernel/btf/vmlinux, `bpftool`'s or pahole's), an ELF file with a `.BTF` section (vmlinux, a module),
 * or a vmlinux that has only DWARF, by pahole where that is installed. Each possibly in gzip, xz or zstd.
 *
 * @throws FormatError for what is none of these; SlablabError where pahole is needed and missing
 */
export async function readBtfFile(path: string, warnings: Warnings, signal?: AbortSignal): Promise<BtfFile> {
  let file = openFile(path)
  try {
    let head = file.read(0, 64)
    const wrapping = wrappingOf(head)
    if (wrapping !== undefined) {
      const packed = file
      try {
        file = await unwrap(packed, wrapping, warnings, { signal })
      } finally {
        packed.close()
      }
      head = file.read(0, 64)
    }
    if (isBtf(head)) {
      if (file.byteLength > LARGEST_BTF_BYTES) throw new FormatError('too long for BTF', { source: path, found: `${file.byteLength} bytes` })
      return { name: path, bytes: file.read(0, file.byteLength), buildId: null }
    }
    if (!isElf(head)) throw new FormatError('no types in it', { source: path, expected: 'BTF, or a vmlinux' })
    const buildId = elfBuildId(file) ?? null
    const section = elfSection(file, '.BTF')
    if (section !== undefined) return { name: path, bytes: section, buildId }
    if (elfSection(file, '.debug_abbrev') === undefined) {
      throw new FormatError('no types in it: neither a .BTF section nor DWARF', { source: path })
    }
    if (wrapping !== undefined) {
      throw new FormatError(`only DWARF in it, which pahole reads from the unpacked file: unpack the ${wrapping} first`, { source: path })
    }
    return { name: path, bytes: await wholeFile(await paholeBtf(path, warnings, signal)), buildId }
  } finally {
    file.close()
  }
}

async function wholeFile(path: string): Promise<Uint8Array> {
  const parts: Uint8Array[] = []
  for await (const part of fileChunks(path)) parts.push(part)
  return Buffer.concat(parts)
}
