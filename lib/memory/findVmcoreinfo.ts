import { parseVmcoreinfo, type Vmcoreinfo } from '../source/vmcoreinfo.js'
import { cString } from '../source/view.js'
import type { PhysicalMemory } from './memory.js'
import { scanPages, type ScanPagesOptions } from './scanPages.js'

/** VMCOREINFO text found in memory. */
export interface FoundVmcoreinfo {
  readonly vmcoreinfo: Vmcoreinfo
  /** Physical address of its first character. */
  readonly physical: number
}

export interface FindVmcoreinfoOptions extends ScanPagesOptions {
  /** `uname -r` of the kernel, where it is known: then the first text of that kernel ends the search. */
  readonly release?: string
}

/** The first line of every VMCOREINFO (Linux kernel/vmcore_info.c, crash_save_vmcoreinfo_init). */
const START = Buffer.from('OSRELEASE=', 'latin1')
/** Of `vmcoreinfo_data`: one page on most machines, 64 KiB at most. */
const MOST_BYTES = 1 << 16

/**
 * Looks for VMCOREINFO in a dump's memory, where the kernel keeps its text (`vmcoreinfo_data`) and a note of it. Reads all pages, unless
 * the release is known. The likeliest comes first; there may be several, of an older kernel or of a virtual machine's.
 *
 * @example const [found] = await findVmcoreinfo(physical)
 */
export async function findVmcoreinfo(physical: PhysicalMemory, options: FindVmcoreinfoOptions = {}): Promise<FoundVmcoreinfo[]> {
  const places: number[] = []
  let found: FoundVmcoreinfo[] = []
  const { pageBytes } = physical
  await scanPages(physical, (frame, page) => {
    const bytes = Buffer.from(page.buffer, page.byteOffset, page.byteLength)
    places.length = 0
    for (let at = bytes.indexOf(START); at >= 0; at = bytes.indexOf(START, at + 1)) places.push(at)
    for (const at of places) {
      const text = textAt(physical, frame, at)
      if (!isComplete(text)) continue
      const candidate = { vmcoreinfo: parseVmcoreinfo(text), physical: frame * pageBytes + at }
      if (options.release !== undefined && candidate.vmcoreinfo.value('OSRELEASE') === options.release) {
        found = [candidate]
        return false
      }
      found.push(candidate)
    }
    return true
  }, options)
  return sorted(found)
}

/** Text to its NUL, also over the end of the page: the note's memory is contiguous. */
function textAt(physical: PhysicalMemory, frame: number, at: number): string {
  let text = ''
  for (let next = frame; text.length < MOST_BYTES; next++) {
    const page = physical.page(next)
    if (typeof page === 'string') break
    const rest = next === frame ? page.subarray(at) : page
    text += cString(rest)
    if (rest.includes(0)) break
  }
  return text
}

/** Programs and the kernel itself hold the bare words; only the real text has values and symbols. */
function isComplete(text: string): boolean {
  return /^OSRELEASE=\d+\.\S+\n/.test(text) && /\nPAGESIZE=\d+\n/.test(text) && /\nSYMBOL\(\w+\)=[0-9a-f]+\n/.test(text)
}

/** Equal texts are one, those with more lines come first. */
function sorted(found: readonly FoundVmcoreinfo[]): FoundVmcoreinfo[] {
  const distinct = new Map<string, FoundVmcoreinfo>()
  for (const one of found) if (!distinct.has(one.vmcoreinfo.text)) distinct.set(one.vmcoreinfo.text, one)
  return [...distinct.values()].sort((a, b) => b.vmcoreinfo.text.length - a.vmcoreinfo.text.length)
}
