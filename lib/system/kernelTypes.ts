import { FaultError, SlablabError } from '../errors.js'
import { readCString, type Memory } from '../memory/memory.js'
import { walkList } from '../slab/lists.js'
import { StructReader } from '../slab/structReader.js'
import { isBtf, readBtf, type Btf } from '../source/btf.js'
import { BtfTypes, typesOf } from '../type/btfTypes.js'
import { TypeGraph } from '../type/typeGraph.js'
import { hex } from '../util/hex.js'
import type { Warnings } from '../warnings.js'
import { eachXarrayEntry } from './xarray.js'

/** What finding a kernel's types takes, before there is a whole view of it. */
export interface TypeEvidence {
  readonly memory: Memory
  readonly warnings: Warnings
  /** The kernel symbol's address (not a module's), or undefined. */
  symbol(name: string): bigint | undefined
}

/** Far above any kernel's BTF (4 to 6 MB), far below what hurts. */
const LARGEST_KERNEL_BTF = 64 << 20
const LARGEST_MODULE_BTF = 16 << 20
const MOST_MODULES = 10_000
const PAGE_BYTES = 4096

/**
 * The types of a kernel and its modules as its memory holds them: `__start_BTF`..`__stop_BTF`, and the split BTF of each module
 * (kernel/bpf/btf.c). Undefined for a kernel without BTF, with a warning that says so. A module whose types can't be read is left out, with a warning.
 *
 * @param btf the kernel's BTF from a file, where one was given
 */
export function kernelTypes(evidence: TypeEvidence, btf?: { readonly name: string; readonly bytes: Uint8Array }): BtfTypes | undefined {
  const kernel = btf === undefined ? kernelBtf(evidence) : readBtf(btf.bytes, { name: btf.name, warnings: evidence.warnings })
  return kernel && typesOf(kernel, moduleBtf(evidence, kernel))
}

function kernelBtf(evidence: TypeEvidence): Btf | undefined {
  const { memory, warnings } = evidence
  const start = evidence.symbol('__start_BTF')
  const stop = evidence.symbol('__stop_BTF')
  if (start === undefined || stop === undefined || stop <= start) {
    warnings.add('no BTF in this kernel (no __start_BTF): struct layouts need --btf FILE, or a vmlinux with DWARF and pahole')
    return undefined
  }
  const bytes = Number(stop - start)
  if (bytes > LARGEST_KERNEL_BTF) {
    warnings.add(`BTF at ${hex(start)} cannot be ${bytes} bytes long: not read`)
    return undefined
  }
  const blob = readWithHoles(memory, start, bytes, warnings)
  try {
    return readBtf(blob, { name: `BTF at ${hex(start)}`, warnings })
  } catch (error) {
    if (!(error instanceof SlablabError)) throw error
    warnings.add(`${error.message}: no struct layouts`)
    return undefined
  }
}

/** All of a range; missing pages read as zeros and are told, because the types before them are still good. */
function readWithHoles(memory: Memory, start: bigint, bytes: number, warnings: Warnings): Uint8Array {
  const whole = memory.tryRead(start, bytes)
  if (typeof whole !== 'string') return whole
  const blob = new Uint8Array(bytes)
  let missing = 0
  for (let at = 0; at < bytes;) {
    const address = start + BigInt(at)
    const part = Math.min(bytes - at, PAGE_BYTES - Number(address & BigInt(PAGE_BYTES - 1)))
    const found = memory.tryRead(address, part)
    if (typeof found === 'string') missing += part
    else blob.set(found, at)
    at += part
  }
  warnings.add(`BTF at ${hex(start)}: ${missing} of its ${bytes} bytes are missing from the dump`)
  return blob
}

/**
 * The split BTF of each module. The kernel keeps its own copy in a `struct btf`, listed in `btf_modules` (since Linux 5.11) and in
 * `btf_idr`; `module.btf_data` is NULL after loading on most kernels.
 */
function moduleBtf(evidence: TypeEvidence, kernel: Btf): [string, Btf][] {
  const { memory, warnings } = evidence
  const types = new BtfTypes(new TypeGraph(kernel))
  const btf = new StructReader(memory, types, 'btf')
  if (!btf.has('data') || !btf.has('data_size') || !btf.has('name')) return []
  const list: [string, Btf][] = []
  for (const address of btfStructs(evidence, types)) {
    try {
      if (btf.has('kernel_btf') && btf.number(address, 'kernel_btf') === 0) continue
      const name = readCString(memory, address + BigInt(btf.offset('name')), 64, 'btf.name')
      if (name === 'vmlinux') continue
      const bytes = btf.number(address, 'data_size')
      const data = btf.pointer(address, 'data')
      if (bytes > LARGEST_MODULE_BTF) {
        warnings.add(`types of module ${name}: ${bytes} bytes of BTF cannot be: not read`)
        continue
      }
      // The kernel writes down where it counts on from; another base would give every type another meaning.
      if (btf.has('start_id') && btf.number(address, 'start_id') !== kernel.endId) {
        warnings.add(`types of module ${name}: split from BTF of ${btf.number(address, 'start_id')} types, the kernel's has ${kernel.endId}: not read`)
        continue
      }
      const blob = memory.tryRead(data, bytes)
      if (typeof blob === 'string') throw new FaultError(data, blob, `BTF of module ${name}`)
      if (isBtf(blob)) list.push([name, readBtf(blob, { name: `BTF of module ${name}`, base: kernel, warnings })])
    } catch (error) {
      if (!(error instanceof SlablabError)) throw error
      warnings.add(`types of a module are not read: ${error.message}`)
    }
  }
  return list
}

/** Addresses of the `struct btf` of modules, and perhaps others'. */
function btfStructs(evidence: TypeEvidence, types: BtfTypes): bigint[] {
  const { memory, warnings } = evidence
  const entry = new StructReader(memory, types, 'btf_module')
  const modules = evidence.symbol('btf_modules')
  if (modules !== undefined && entry.has('list') && entry.has('btf')) {
    const { entries, trouble } = walkList(memory, modules, MOST_MODULES)
    if (trouble !== null) warnings.add(`list of modules' types (btf_modules): ${trouble}`)
    const found: bigint[] = []
    for (const node of entries) {
      try {
        found.push(entry.pointer(node - BigInt(entry.offset('list')), 'btf'))
      } catch (error) {
        if (!(error instanceof SlablabError)) throw error
        warnings.add(`types of a module are not read: ${error.message}`)
      }
    }
    return found
  }
  const idr = evidence.symbol('btf_idr')
  const root = types.member('idr', 'idr_rt')
  if (idr === undefined || root === undefined) return []
  return [...eachXarrayEntry(memory, types, idr + BigInt(root.offset), MOST_MODULES, warnings)]
}
