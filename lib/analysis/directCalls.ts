import type { KernelView } from '../slab/kernelView.js'

/** Functions are looked through up to here; larger ones have no part in opening a file. */
const MOST_CODE = 4096
/** x86: CALL rel32 and JMP rel32 (Intel SDM, volume 2). */
const X86_CALL = 0xe8
const X86_JUMP = 0xe9
const X86_INSTRUCTION = 5
/** arm64: B and BL have bits 30:26 = 00101, and 26 bits of distance in instructions (Arm ARM, C6.2). */
const ARM_BRANCH_MASK = 0x7c000000
const ARM_BRANCH = 0x14000000
/** arm64 module veneers (arch/arm64/kernel/module-plts.c): ADRP x16; ADD x16, x16, #lo12; BR x16. */
const ARM_ADRP_X16 = 0x90000010
const ARM_ADRP_MASK = 0x9f00001f
const ARM_ADD_X16 = 0x91000210
const ARM_ADD_MASK = 0xffc003ff
const ARM_BR_X16 = 0xd61f0200

/**
 * Addresses that a function's code calls or jumps to directly, through veneers of modules too; undefined where its code is not in the dump.
 * x86 is not disassembled: a call's opcode may be met inside of another instruction, so a target counts only for whoever looks for it.
 *
 * @param bytes of the function
 */
export function directCalls(view: KernelView, address: bigint, bytes: number): ReadonlySet<bigint> | undefined {
  const code = view.memory.tryRead(address, Math.min(bytes, MOST_CODE))
  if (typeof code === 'string') return undefined
  const words = new DataView(code.buffer, code.byteOffset, code.byteLength)
  return view.architecture === 'x86_64' ? x86Calls(words, address) : armCalls(view, words, address)
}

function x86Calls(code: DataView, address: bigint): Set<bigint> {
  const found = new Set<bigint>()
  for (let at = 0; at + X86_INSTRUCTION <= code.byteLength; at++) {
    const opcode = code.getUint8(at)
    if (opcode !== X86_CALL && opcode !== X86_JUMP) continue
    found.add(BigInt.asUintN(64, address + BigInt(at + X86_INSTRUCTION + code.getInt32(at + 1, true))))
  }
  return found
}

function armCalls(view: KernelView, code: DataView, address: bigint): Set<bigint> {
  const found = new Set<bigint>()
  for (let at = 0; at + 4 <= code.byteLength; at += 4) {
    const instruction = code.getUint32(at, true)
    if ((instruction & ARM_BRANCH_MASK) >>> 0 !== ARM_BRANCH) continue
    const distance = (instruction << 6) >> 4
    const target = BigInt.asUintN(64, address + BigInt(at + distance))
    found.add(target)
    const behind = veneerTarget(view, target)
    if (behind !== undefined) found.add(behind)
  }
  return found
}

function veneerTarget(view: KernelView, address: bigint): bigint | undefined {
  const code = view.memory.tryRead(address, 16)
  if (typeof code === 'string') return undefined
  const words = new DataView(code.buffer, code.byteOffset, code.byteLength)
  // With branch target identification a BTI stands in front.
  for (const start of [0, 4]) {
    const adrp = words.getUint32(start, true)
    const add = words.getUint32(start + 4, true)
    if ((adrp & ARM_ADRP_MASK) >>> 0 !== ARM_ADRP_X16 || (add & ARM_ADD_MASK) >>> 0 !== ARM_ADD_X16) continue
    if (start + 12 <= words.byteLength && words.getUint32(start + 8, true) !== ARM_BR_X16) continue
    const pages = BigInt.asIntN(21, BigInt((((adrp >>> 5) & 0x7ffff) << 2) | ((adrp >>> 29) & 3)))
    const at = address + BigInt(start)
    return BigInt.asUintN(64, at - (at % 4096n) + pages * 4096n + BigInt((add >>> 10) & 0xfff))
  }
  return undefined
}
