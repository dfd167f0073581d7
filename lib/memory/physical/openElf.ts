import { FormatError } from '../../errors.js'
import type { ByteSource } from '../../source/bytes.js'
import { readElfCore } from '../../source/elfCore.js'
import { readNotes, vmcoreinfoText, type ElfNote } from '../../source/notes.js'
import type { Warnings } from '../../warnings.js'
import type { DumpContent } from './dumpContent.js'
import { ElfBlocks } from './elfBlocks.js'
import { readNoteRange } from './readNoteRange.js'

/** Notes that processes have and machines don't: NT_PRPSINFO, NT_AUXV (include/uapi/linux/elf.h). */
const PROCESS_NOTES = [3, 6]

/** Opens an ELF vmcore: QEMU's, a copy of /proc/vmcore, or makedumpfile's. @throws FormatError where it is no core, or a process's */
export function openElf(source: ByteSource, warnings: Warnings): DumpContent {
  const core = readElfCore(source, warnings)
  const notes = core.notes.flatMap((range) => {
    if (range.offset + range.bytes > source.byteLength) warnings.add(`${source.name}: notes at offset 0x${range.offset.toString(16)} lie behind the end of the file`)
    return readNotes(readNoteRange(source, range), core.littleEndian)
  })
  const text = vmcoreinfoText(notes)
  if (core.segments.length === 0) {
    throw new FormatError('an ELF core without memory', { source: source.name, found: noSegments(notes), expected: 'PT_LOAD segments with physical addresses' })
  }
  if (text === undefined && notes.some(({ name, type }) => name === 'CORE' && PROCESS_NOTES.includes(type))) {
    throw new FormatError('the core dump of a process', { source: source.name, expected: 'the dump of a machine (vmcore)' })
  }
  return {
    format: 'elf', compression: 'none', parts: 1,
    littleEndian: core.littleEndian, pointerBytes: core.pointerBytes,
    machine: core.machine, release: null, nodename: null, time: null, dumpLevel: null, incomplete: false,
    notes, vmcoreinfoText: text, erased: null, blockBytes: null,
    store: (pageBytes) => new ElfBlocks(source, core.segments, pageBytes, warnings)
  }
}

function noSegments(notes: readonly ElfNote[]): string {
  return notes.some(({ name }) => name.startsWith('Xen')) ? 'notes of a Xen domain, whose pages lie in sections' : 'none'
}
