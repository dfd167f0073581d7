import { cString, viewOf } from './view.js'

/** One ELF note, its content a view into the bytes it was read from. */
export interface ElfNote {
  readonly name: string
  readonly type: number
  readonly content: Uint8Array
}

/** Registers of one CPU as the kernel saved them at the crash (NT_PRSTATUS), in the order of the notes. */
export interface CpuRegisters {
  readonly pid: number
  readonly registers: Readonly<Record<string, bigint>>
}

/** A CPU as QEMU saw it (`QEMUCPUState`, target/i386/arch_dump.c): with control registers, so page tables are found without VMCOREINFO. */
export interface QemuCpu {
  readonly registers: Readonly<Record<string, bigint>>
}

/** NT_PRSTATUS, in notes named CORE (include/uapi/linux/elf.h). */
export const NT_PRSTATUS = 1
/** More notes than any machine has CPUs; further ones are left. */
const MOST_NOTES = 1 << 16

/**
 * Reads a run of ELF notes: name and content are padded to 4 bytes. Stops quietly at the end or at the first note that does not fit.
 *
 * @example readNotes(bytes, true).find(({ name }) => name === 'VMCOREINFO')
 */
export function readNotes(bytes: Uint8Array, littleEndian: boolean): ElfNote[] {
  const view = viewOf(bytes)
  const notes: ElfNote[] = []
  let at = 0
  while (at + 12 <= bytes.length && notes.length < MOST_NOTES) {
    const nameBytes = view.getUint32(at, littleEndian)
    const contentBytes = view.getUint32(at + 4, littleEndian)
    const type = view.getUint32(at + 8, littleEndian)
    const contentAt = at + 12 + padded(nameBytes)
    if (contentAt + contentBytes > bytes.length) break
    // Unused space between the notes of a /proc/vmcore is zero.
    if (nameBytes !== 0 || contentBytes !== 0) {
      notes.push({ name: cString(bytes.subarray(at + 12, at + 12 + nameBytes)), type, content: bytes.subarray(contentAt, contentAt + contentBytes) })
    }
    at = contentAt + padded(contentBytes)
  }
  return notes
}

function padded(bytes: number): number {
  return Math.ceil(bytes / 4) * 4
}

/** `struct user_regs_struct` of x86-64 (arch/x86/include/asm/user_64.h). */
const x86Registers = ('r15 r14 r13 r12 rbp rbx r11 r10 r9 r8 rax rcx rdx rsi rdi orig_rax rip cs eflags rsp ss fs_base gs_base ds es fs gs').split(' ')
/** `struct user_pt_regs` of arm64 (arch/arm64/include/uapi/asm/ptrace.h). */
const arm64Registers = [...Array.from({ length: 31 }, (_, i) => `x${i}`), 'sp', 'pc', 'pstate']
/** Offsets in `struct elf_prstatus` of 64-bit machines: pr_pid and pr_reg. */
const PRSTATUS_PID = 32
const PRSTATUS_REGISTERS = 112
/** pr_reg is followed by pr_fpvalid and padding. */
const PRSTATUS_TAIL = 8

/** What the size of `struct elf_prstatus` says of the machine. */
export function machineOfPrstatus(bytes: number): 'x86_64' | 'aarch64' | undefined {
  if (bytes === PRSTATUS_REGISTERS + x86Registers.length * 8 + PRSTATUS_TAIL) return 'x86_64'
  if (bytes === PRSTATUS_REGISTERS + arm64Registers.length * 8 + PRSTATUS_TAIL) return 'aarch64'
  return undefined
}

/** Registers of the CPUs that saved them, for the machines whose `elf_prstatus` is known; empty for others. */
export function cpuRegisters(notes: readonly ElfNote[], littleEndian: boolean): CpuRegisters[] {
  const cpus: CpuRegisters[] = []
  for (const { name, type, content } of notes) {
    if (name !== 'CORE' || type !== NT_PRSTATUS) continue
    const machine = machineOfPrstatus(content.length)
    if (machine === undefined) continue
    const names = machine === 'x86_64' ? x86Registers : arm64Registers
    cpus.push({ pid: viewOf(content).getInt32(PRSTATUS_PID, littleEndian), registers: wordsNamed(names, content, PRSTATUS_REGISTERS, littleEndian) })
  }
  return cpus
}

/** Words of QEMUCPUState behind version and size: general registers, ten segments, then the control registers. */
const qemuRegisters = 'rax rbx rcx rdx rsi rdi rsp rbp r8 r9 r10 r11 r12 r13 r14 r15 rip rflags'.split(' ')
const QEMU_REGISTERS = 8
const QEMU_CONTROL = QEMU_REGISTERS + 18 * 8 + 10 * 24
const qemuControl = ['cr0', 'cr1', 'cr2', 'cr3', 'cr4']
/** Added later; the size in the note tells. */
const QEMU_KERNEL_GS_BASE = QEMU_CONTROL + 5 * 8

/** QEMU's own CPU states (x86-64 only; QEMU writes none for arm64). */
export function qemuCpus(notes: readonly ElfNote[], littleEndian: boolean): QemuCpu[] {
  const cpus: QemuCpu[] = []
  for (const { name, content } of notes) {
    if (name !== 'QEMU' || content.length < QEMU_KERNEL_GS_BASE) continue
    const bytes = viewOf(content).getUint32(4, littleEndian)
    const names = bytes >= QEMU_KERNEL_GS_BASE + 8 && content.length >= QEMU_KERNEL_GS_BASE + 8 ? [...qemuControl, 'kernel_gs_base'] : qemuControl
    cpus.push({
      registers: { ...wordsNamed(qemuRegisters, content, QEMU_REGISTERS, littleEndian), ...wordsNamed(names, content, QEMU_CONTROL, littleEndian) }
    })
  }
  return cpus
}

function wordsNamed(names: readonly string[], content: Uint8Array, at: number, littleEndian: boolean): Record<string, bigint> {
  const view = viewOf(content)
  return Object.fromEntries(names.map((name, i) => [name, view.getBigUint64(at + i * 8, littleEndian)]))
}

/** The VMCOREINFO text among the notes, or undefined. Xen's own has another name. */
export function vmcoreinfoText(notes: readonly ElfNote[]): string | undefined {
  const note = notes.find(({ name, content }) => name === 'VMCOREINFO' && content.length > 0)
  return note && cString(note.content)
}

