import { ET_CORE, ET_DYN, ET_EXEC, ET_REL, readElfHeader, type ElfHeader } from './elfCore.js'
import { bytesOf } from './bytes.js'
import type { FileKind } from './fileKind.js'

/** Machines whose memory slablab translates. */
const known = ['x86_64', 'aarch64']

const forSymbols = 'code, not a dump of memory: a vmcore needs none; beside a crash session it gives the symbols'

/** What an ELF file is, by its header alone: whether a core is a machine's or a process's, its program headers tell. */
export function elfKind(head: Uint8Array): FileKind {
  let header: ElfHeader
  try {
    header = readElfHeader(bytesOf('head', head))
  } catch {
    return { kind: 'elf', text: 'damaged ELF file', readable: false, hint: null }
  }
  const bits = header.pointerBytes * 8
  const what = `${bits}-bit ELF, ${header.machine}`
  switch (header.type) {
    case ET_CORE:
      return known.includes(header.machine)
        ? { kind: 'elf-core', text: `ELF core dump (${what})`, readable: true, hint: null }
        : { kind: 'elf-core', text: `ELF core dump (${what})`, readable: false, hint: 'slablab knows the memory of x86_64 and aarch64 machines' }
    case ET_REL:
      return { kind: 'elf-object', text: `kernel module or object file (${what})`, readable: true, hint: forSymbols }
    case ET_EXEC:
    case ET_DYN:
      return { kind: 'elf-executable', text: `vmlinux or a program (${what})`, readable: true, hint: forSymbols }
    default:
      return { kind: 'elf', text: `ELF file of type ${header.type} (${what})`, readable: false, hint: null }
  }
}
