import type { ByteSource } from '../../source/bytes.js'
import { readKdumpHeader, STATUS_EXCLUDED_VMEMMAP, STATUS_INCOMPLETE } from '../../source/kdumpHeader.js'
import { readNotes, vmcoreinfoText } from '../../source/notes.js'
import { cString } from '../../source/view.js'
import type { Warnings } from '../../warnings.js'
import type { DumpContent } from './dumpContent.js'
import { joinParts } from './joinParts.js'
import { KdumpBlocks } from './kdumpBlocks.js'
import { readNoteRange } from './readNoteRange.js'

/** Opens a kdump-compressed dump: one file, or the parts of a split one in any order. @throws FormatError */
export function openKdump(sources: readonly ByteSource[], warnings: Warnings): DumpContent {
  const parts = joinParts(sources.map((source) => ({ source, header: readKdumpHeader(source, warnings) })), warnings)
  const { source, header } = parts[0]
  if ((header.status & STATUS_INCOMPLETE) !== 0) warnings.lose(`${source.name}: marked as incomplete: the disk was full when it was written`)
  if ((header.status & STATUS_EXCLUDED_VMEMMAP) !== 0) warnings.add(`${source.name}: page structures were left out of it (makedumpfile -e)`)
  // Only the first part of a split dump holds these; it may be missing.
  const withNotes = parts.find((part) => part.header.notes !== null)
  const withInfo = parts.find((part) => part.header.vmcoreinfo !== null)
  const erased = parts.find((part) => part.header.eraseinfo !== null)
  const notes = withNotes ? readNotes(readNoteRange(withNotes.source, withNotes.header.notes!), header.littleEndian) : []
  if (erased !== undefined) warnings.add(`${erased.source.name}: data were erased from it (makedumpfile --config): they read as X`)
  return {
    format: header.signature === 'KDUMP' ? 'kdump-compressed' : 'diskdump',
    compression: compressionOf(header.status),
    parts: parts.length,
    littleEndian: header.littleEndian, pointerBytes: header.longBytes,
    // QEMU calls machines so whose name it does not know, arm64 among them.
    machine: /^unknown$/i.test(header.uname.machine) ? null : header.uname.machine || null,
    release: header.uname.release || null,
    nodename: header.uname.nodename || null,
    time: header.time, dumpLevel: header.dumpLevel, incomplete: (header.status & STATUS_INCOMPLETE) !== 0,
    notes,
    vmcoreinfoText: withInfo ? cString(readNoteRange(withInfo.source, withInfo.header.vmcoreinfo!)) : vmcoreinfoText(notes),
    erased: erased ? cString(readNoteRange(erased.source, erased.header.eraseinfo!)) : null,
    blockBytes: header.blockBytes,
    store: () => new KdumpBlocks(parts, warnings)
  }
}

/** What the header says of its pages: each descriptor says it again for its own. */
function compressionOf(status: number): DumpContent['compression'] {
  return status & 0x20 ? 'zstd' : status & 0x4 ? 'snappy' : status & 0x2 ? 'lzo' : status & 0x1 ? 'zlib' : 'none'
}
