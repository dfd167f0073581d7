import { FormatError } from '../errors.js'
import { openFile, wrappingOf } from '../source/file.js'
import { fileKind, KIND_BYTES } from '../source/fileKind.js'
import { formatBytes, formatCount } from '../util/units.js'
import { Warnings } from '../warnings.js'
import { openPhysical, type PhysicalDump } from './openPhysical.js'

/** What a dump file holds, in words, and whether slablab can make something of it. */
export interface DumpDetail {
  readonly detail: string
  readonly readable: boolean
  readonly hint: string | null
}

const formats = { 'kdump-compressed': 'a kdump-compressed dump', diskdump: 'a diskdump', elf: 'an ELF dump' }
const machines = ['x86_64', 'aarch64']
const otherMachine = 'slablab knows 64-bit x86 and ARM machines; crash reads it, with its vmlinux'

/**
 * Describes a dump by its headers: format, machine, kernel, pages, and what is wrong with it. Reads no pages and unpacks nothing.
 *
 * @example (await dumpDetail('vmcore')).detail // 'kdump-compressed dump, zlib, level 31, x86_64, Linux 6.1.0-50-cloud-amd64, …'
 */
export async function dumpDetail(path: string): Promise<DumpDetail> {
  const file = openFile(path)
  try {
    const head = file.read(0, KIND_BYTES)
    if (wrappingOf(head) !== undefined) return { detail: 'dump', readable: true, hint: null }
    const kind = fileKind(head)
    const warnings = new Warnings()
    try {
      // The bytes of the open file: opening by path would say where a packed one was unpacked to.
      const dump = await openPhysical(file, { warnings, searchVmcoreinfo: false })
      const said = warnings.list().map(({ message }) => withoutPath(message, path))
      const machine = dump.machine !== null && machines.includes(dump.machine) && dump.pointerBytes === 8
      const known = machine || dump.machine === null
      return { detail: [kind?.text ?? dump.format, ...facts(dump), ...said].join(', '), readable: known, hint: known ? null : otherMachine }
    } catch (error) {
      if (!(error instanceof FormatError)) throw error
      return { detail: `${kind?.text ?? 'file'}: ${withoutPath(error.message, path)}`, readable: false, hint: kind?.hint ?? null }
    }
  } finally {
    file.close()
  }
}

/** The file stands beside the detail already. */
function withoutPath(message: string, path: string): string {
  return message.startsWith(path) ? message.slice(path.length).replace(/^:? /, '') : message
}

function facts(dump: PhysicalDump): string[] {
  const { physical, vmcoreinfo } = dump
  const release = vmcoreinfo?.value('OSRELEASE') ?? dump.release
  const crashed = Number(vmcoreinfo?.value('CRASHTIME') ?? dump.time ?? NaN)
  let pages = 0
  for (const { start, end } of physical.presentRuns()) pages += end - start
  return [
    ...dump.flattened ? [`holds ${formats[dump.format]}`] : [],
    ...dump.format === 'elf' ? [] : [dump.compression === 'none' ? 'not compressed' : dump.compression],
    ...dump.dumpLevel === null ? [] : [`level ${dump.dumpLevel}`],
    ...(dump.format === 'elf' && !dump.flattened) || dump.machine === null ? [] : [dump.machine],
    ...release === null ? [] : [`Linux ${release}`],
    `${formatCount(pages)} ${pages === 1 ? 'page' : 'pages'} of ${formatBytes(physical.pageBytes)}`,
    ...crashed > 0 ? [`taken ${new Date(crashed * 1000).toISOString().replace(/\.000Z$/, 'Z')}`] : [],
    ...vmcoreinfo === undefined ? ['no VMCOREINFO in its headers'] : []
  ]
}

