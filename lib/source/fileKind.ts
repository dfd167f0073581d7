import { elfKind } from './elfKind.js'
import { isElf } from './elfCore.js'
import { isFlattened } from './flattened.js'
import { kdumpSignature } from './kdumpHeader.js'
import { viewOf } from './view.js'

/** What a file is. */
export interface FileKind {
  /** Short and fixed: programs may go by it. */
  readonly kind: string
  /** In words. */
  readonly text: string
  /** Whether slablab reads it. */
  readonly readable: boolean
  /** For what it does not read: what makes something of it that it does. Null where nothing is known to. */
  readonly hint: string | null
}

/** How many of a file's first bytes tell its kind. */
export const KIND_BYTES = 1 << 16

interface Signature extends FileKind {
  readonly at?: number
  /** Bytes, or text in Latin-1. */
  readonly bytes: string
}

const memoryOnly = 'virsh dump --memory-only --format kdump-zlib DOMAIN FILE, or dump-guest-memory -z FILE at the QEMU monitor, writes a dump that slablab reads'

/** Little-endian bytes of a 32-bit number. */
function u32(value: number): string {
  return String.fromCharCode(value & 0xff, value >>> 8 & 0xff, value >>> 16 & 0xff, value >>> 24)
}

const vmware = 'vmss2core -N6 FILE.vmss FILE.vmem, of VMware, writes an ELF vmcore (vmss.core)'
const lime = 'without a dump header; crash VMLINUX FILE@ADDRESS -o CORE writes an ELF vmcore, and kdump or virsh dump --memory-only make one to begin with'

/**
 * Kinds that a few bytes at a fixed place tell. Numbers are those of crash's and the tools' headers: vmware_vmss.h (cptdumphdr),
 * lkcd_dump_v*.h (DUMP_MAGIC_NUMBER), s390_dump.c, sadump.h, qemu-load.h, kvmdump.h; QEMU's, Xen's and Hyper-V's own.
 */
const signatures: readonly Signature[] = [
  ...[0xbed0bed0, 0xbed2bed2, 0xbed3bed3, 0xbad1bad1, 0xbad2bad2].map((magic) => ({
    bytes: u32(magic), kind: 'vmware-state', text: 'VMware suspended state or snapshot (vmss, vmsn)', readable: false, hint: vmware
  })),
  {
    bytes: u32(0x618f23ed) + u32(0xa8190173), kind: 'lkcd', text: 'LKCD dump', readable: false,
    hint: 'crash still reads it, with its vmlinux; no converter is known'
  },
  {
    bytes: '\xa8\x19\x01\x73\x61\x8f\x23\xfd', kind: 's390-dump', text: 's390 stand-alone dump', readable: false,
    hint: 'zgetdump -f elf FILE > VMCORE, of s390-tools, writes an ELF vmcore; its machine, s390x, is not one slablab knows'
  },
  { bytes: 'sadump\0\0', kind: 'sadump', text: 'Fujitsu stand-alone dump (sadump)', readable: false, hint: 'makedumpfile -c -d 31 FILE VMCORE makes a dump that slablab reads' },
  { bytes: 'QEVM', kind: 'qemu-savevm', text: 'QEMU migration stream (savevm, migrate)', readable: false, hint: memoryOnly },
  { bytes: 'LibvirtQemudSave', kind: 'libvirt-save', text: 'libvirt saved domain (virsh save)', readable: false, hint: `virsh restore FILE, then: ${memoryOnly}` },
  { bytes: 'LibvirtQemudPart', kind: 'libvirt-save', text: 'libvirt saved domain, never finished', readable: false, hint: memoryOnly },
  { bytes: 'QFI\xfb', kind: 'qcow2', text: 'QEMU disk image (qcow2)', readable: false, hint: `a disk, not memory; of a running machine ${memoryOnly}` },
  {
    bytes: u32(0x01282014), kind: 'hyperv-state', text: 'Hyper-V saved state (vmrs, vmcx)', readable: false,
    hint: 'no open converter is known; kdump inside of the machine writes a dump that slablab reads'
  },
  { bytes: 'vhdxfile', kind: 'disk-image', text: 'Hyper-V disk image (vhdx)', readable: false, hint: 'a disk, not memory' },
  { bytes: 'KDMV', kind: 'disk-image', text: 'VMware disk image (vmdk)', readable: false, hint: 'a disk, not memory; of a suspended machine take the vmss and vmem files' },
  { bytes: 'EMiL', kind: 'lime', text: 'LiME memory image', readable: false, hint: lime },
  { bytes: 'AVML', kind: 'avml', text: 'AVML memory image', readable: false, hint: `avml-convert turns it into LiME, which comes ${lime}` },
  { bytes: u32(0xf00febed), kind: 'xen-core', text: 'Xen core dump (xc_core, old form)', readable: false, hint: 'xl dump-core of a newer Xen writes ELF; crash reads this one' },
  { bytes: u32(0xf00febee), kind: 'xen-core', text: 'Xen core dump (xc_core, old form)', readable: false, hint: 'xl dump-core of a newer Xen writes ELF; crash reads this one' },
  { bytes: 'LinuxGuestRecord', kind: 'xen-save', text: 'Xen saved domain', readable: false, hint: 'xl restore, then xl dump-core DOMAIN FILE' },
  { bytes: 'Xen saved domain', kind: 'xen-save', text: 'Xen saved domain', readable: false, hint: 'xl restore, then xl dump-core DOMAIN FILE' },
  { bytes: 'PAGEDU64', kind: 'windows-dump', text: 'Windows crash dump', readable: false, hint: 'a Windows machine has no Linux slabs' },
  { bytes: 'PAGEDUMP', kind: 'windows-dump', text: 'Windows crash dump', readable: false, hint: 'a Windows machine has no Linux slabs' },
  { bytes: 'MDMP', kind: 'windows-dump', text: 'Windows minidump', readable: false, hint: 'a Windows machine has no Linux slabs' },
  { at: 0x202, bytes: 'HdrS', kind: 'kernel-image', text: 'x86 kernel image (bzImage)', readable: false, hint: 'the kernel itself, not a dump of its memory; slablab needs the vmcore alone' },
  { at: 0x38, bytes: 'ARM\x64', kind: 'kernel-image', text: 'arm64 kernel image', readable: false, hint: 'the kernel itself, not a dump of its memory; slablab needs the vmcore alone' },
  { bytes: '\x9f\xeb\x01', kind: 'btf', text: 'BTF types, little-endian', readable: true, hint: 'give it with a dump: --btf FILE' },
  { bytes: '\xeb\x9f\x01', kind: 'btf', text: 'BTF types, big-endian', readable: true, hint: 'give it with a dump: --btf FILE' },
  { bytes: '\x1f\x8b', kind: 'gzip', text: 'gzip file', readable: true, hint: null },
  { bytes: '\xfd7zXZ\0', kind: 'xz', text: 'xz file', readable: true, hint: null },
  { bytes: '\x28\xb5\x2f\xfd', kind: 'zstd', text: 'zstd file', readable: true, hint: null },
  { bytes: 'BZh', kind: 'bzip2', text: 'bzip2 file', readable: false, hint: 'unpack it first: bunzip2 FILE' },
  { bytes: '\x04\x22\x4d\x18', kind: 'lz4', text: 'lz4 file', readable: false, hint: 'unpack it first: lz4 -d FILE' },
  { bytes: '\x89LZO\0\r\n\x1a\n', kind: 'lzop', text: 'lzop file', readable: false, hint: 'unpack it first: lzop -d FILE' },
  { bytes: 'PK\x03\x04', kind: 'zip', text: 'zip archive', readable: false, hint: 'unpack it first: unzip FILE' },
  { bytes: '7z\xbc\xaf\x27\x1c', kind: '7z', text: '7-Zip archive', readable: false, hint: 'unpack it first: 7z x FILE' },
  { at: 257, bytes: 'ustar', kind: 'tar', text: 'tar archive', readable: false, hint: 'unpack it first: tar xf FILE' },
  { bytes: '%PDF-', kind: 'pdf', text: 'PDF document', readable: false, hint: null },
  { bytes: '\x89PNG', kind: 'image', text: 'picture', readable: false, hint: null },
  { bytes: '\xff\xd8\xff', kind: 'image', text: 'picture', readable: false, hint: null }
]

/**
 * Tells a file's kind from its first bytes ({@link KIND_BYTES} of them, or the whole file where it is shorter); undefined for text, and
 * for what has no mark of its own.
 *
 * @example fileKind(source.read(0, KIND_BYTES))?.kind // 'kdump-compressed'
 */
export function fileKind(head: Uint8Array): FileKind | undefined {
  if (head.length === 0) return { kind: 'empty', text: 'empty file', readable: false, hint: 'it was probably never written: look for another copy, and at the disk space where it was made' }
  const kdump = kdumpSignature(head)
  if (kdump === 'KDUMP') return { kind: 'kdump-compressed', text: 'kdump-compressed dump', readable: true, hint: null }
  if (kdump === 'DISKDUMP') return { kind: 'diskdump', text: 'diskdump', readable: true, hint: null }
  if (isFlattened(head)) return { kind: 'kdump-flattened', text: 'flattened dump', readable: true, hint: null }
  if (isElf(head)) return elfKind(head)
  for (const { at = 0, bytes, kind, text, readable, hint } of signatures) {
    if (matches(head, at, bytes)) return { kind, text, readable, hint }
  }
  if (head.length >= 512 && isZero(head)) return { kind: 'zeros', text: 'nothing but zeros at its start', readable: false, hint: 'a sparse file whose content got lost, or a raw memory image' }
  return undefined
}

function matches(head: Uint8Array, at: number, bytes: string): boolean {
  if (at + bytes.length > head.length) return false
  for (let i = 0; i < bytes.length; i++) if (head[at + i] !== bytes.charCodeAt(i)) return false
  return true
}

function isZero(bytes: Uint8Array): boolean {
  const words = bytes.length >> 2
  const view = viewOf(bytes)
  for (let i = 0; i < words; i++) if (view.getUint32(i * 4) !== 0) return false
  return true
}
