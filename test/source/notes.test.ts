import { describe, expect, test } from 'vitest'
import { cpuRegisters, machineOfPrstatus, qemuCpus, readNotes, vmcoreinfoText } from '../../lib/source/notes.js'
import { Bytes } from '../builders/bytes.js'
import { elfNotes } from '../builders/elfCore.js'

/** NT_PRSTATUS with registers 1, 2, 3, … */
function prstatus(registers: number, littleEndian = true): Uint8Array {
  const status = new Bytes(112 + registers * 8 + 8, littleEndian).u32(32, 42)
  for (let i = 0; i < registers; i++) status.u64(112 + i * 8, i + 1)
  return status.bytes
}

describe('readNotes', () => {
  const notes = [
    { name: 'CORE', type: 1, content: prstatus(27) },
    { name: 'VMCOREINFO', content: 'OSRELEASE=6.1\n' },
    { name: 'odd', type: 7, content: 'abcde' }
  ]
  test.each([true, false])('names and contents are padded to four bytes (little-endian: %s)', (littleEndian) => {
    const read = readNotes(elfNotes(notes, littleEndian), littleEndian)
    expect(read.map(({ name, type, content }) => [name, type, content.length])).toEqual([['CORE', 1, 336], ['VMCOREINFO', 0, 14], ['odd', 7, 5]])
    expect(vmcoreinfoText(read)).toBe('OSRELEASE=6.1\n')
  })
  test('empty space between notes is passed over', () => {
    expect(readNotes(Buffer.concat([elfNotes(notes.slice(0, 1)), new Uint8Array(24), elfNotes(notes.slice(1))]), true)).toHaveLength(3)
  })
  test('stops at a note that does not fit', () => {
    const bytes = Uint8Array.from(elfNotes(notes))
    expect(readNotes(bytes.subarray(0, bytes.length - 4), true)).toHaveLength(2)
    const huge = new Bytes(32).u32(0, 0xffffffff).u32(4, 0xffffffff).bytes
    expect(readNotes(huge, true)).toEqual([])
    expect(readNotes(new Uint8Array(11), true)).toEqual([])
  })
  test('no VMCOREINFO, or only that of Xen', () => {
    expect(vmcoreinfoText(readNotes(elfNotes([{ name: 'VMCOREINFO_XEN', content: 'x=1' }]), true))).toBeUndefined()
  })
})

describe('registers', () => {
  test('of x86-64, in the order of user_regs_struct', () => {
    const [cpu] = cpuRegisters(readNotes(elfNotes([{ name: 'CORE', type: 1, content: prstatus(27) }]), true), true)
    expect(cpu.pid).toBe(42)
    expect([cpu.registers.r15, cpu.registers.rbp, cpu.registers.rip, cpu.registers.rsp, cpu.registers.gs]).toEqual([1n, 5n, 17n, 20n, 27n])
  })
  test('of arm64', () => {
    const [cpu] = cpuRegisters(readNotes(elfNotes([{ name: 'CORE', type: 1, content: prstatus(34) }]), true), true)
    expect([cpu.registers.x0, cpu.registers.x30, cpu.registers.sp, cpu.registers.pc, cpu.registers.pstate]).toEqual([1n, 31n, 32n, 33n, 34n])
  })
  test('of other machines there are none', () => {
    expect(cpuRegisters(readNotes(elfNotes([{ name: 'CORE', type: 1, content: prstatus(18) }]), true), true)).toEqual([])
    expect([machineOfPrstatus(336), machineOfPrstatus(392), machineOfPrstatus(144)]).toEqual(['x86_64', 'aarch64', undefined])
  })
  test('of QEMU, with control registers', () => {
    const state = new Bytes(440).u32(0, 1).u32(4, 440)
    for (let at = 8; at < 440; at += 8) state.u64(at, at)
    const [cpu] = qemuCpus(readNotes(elfNotes([{ name: 'QEMU', content: state.bytes }]), true), true)
    expect([cpu.registers.rax, cpu.registers.rip, cpu.registers.cr0, cpu.registers.cr3, cpu.registers.kernel_gs_base]).toEqual([8n, 136n, 392n, 416n, 432n])
    const old = qemuCpus(readNotes(elfNotes([{ name: 'QEMU', content: state.bytes.subarray(0, 432) }, { name: 'QEMU', content: 'short' }]), true), true)
    expect(old).toHaveLength(1)
    expect(old[0].registers.kernel_gs_base).toBeUndefined()
  })
})
