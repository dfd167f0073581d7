import { FormatError } from '../errors.js'
import { readBtf, type Btf } from '../source/btf.js'
import type { Vmcoreinfo } from '../source/vmcoreinfo.js'
import { typesOf } from '../type/btfTypes.js'
import type { Warnings } from '../warnings.js'

/** Share of the sizes and offsets in VMCOREINFO that must agree: another kernel's page or zone is laid out otherwise. */
const leastShare = 0.9

/**
 * Types from elsewhere, for a kernel that carries none, or undefined, with a warning, where they are another kernel's: VMCOREINFO tells the
 * sizes and offsets of some structs, and they must be the same there.
 */
export function fitGivenBtf(bytes: Uint8Array, vmcoreinfo: Vmcoreinfo, warnings: Warnings): Btf | undefined {
  let btf: Btf
  try {
    btf = readBtf(bytes, { name: 'the given BTF', warnings })
  } catch (error) {
    if (!(error instanceof FormatError)) throw error
    warnings.add(`the given types are not used: ${error.message}`)
    return undefined
  }
  const types = typesOf(btf)
  let asked = 0
  let right = 0
  for (const [, kind, name, told] of vmcoreinfo.text.matchAll(/^(SIZE|OFFSET)\(([\w.]+)\)=(\d+)$/gm)) {
    const [struct, ...path] = name.split('.')
    const found = kind === 'SIZE' ? types.sizeOf(name) : types.member(struct, path.join('.'))?.offset
    // Names that are no types stand in VMCOREINFO as well.
    if (found === undefined) continue
    asked++
    if (found === Number(told)) right++
  }
  if (right >= asked * leastShare) return btf
  warnings.add(`the given types are another kernel's and not used: ${right} of ${asked} sizes and offsets are those that VMCOREINFO tells`)
  return undefined
}
