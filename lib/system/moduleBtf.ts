import { readCString } from '../memory/memory.js'
import type { TypeTable } from '../type/typeTable.js'
import type { KernelModule } from './kernelModules.js'
import type { TypeFacts } from './kernelTypes.js'
import { u32At, wordAt } from './words.js'

/** Larger than any module's: a damaged size is not followed. */
const mostBtfBytes = 1 << 28
/** Entries followed in a list or tree of modules' BTF. */
const mostEntries = 100_000

export interface FoundBtf {
  readonly bytes: Uint8Array
  /** What it was split from, where that is not the kernel's BTF but a distilled one. */
  readonly base?: Uint8Array
}

/**
 * Finds the BTF bytes that the kernel keeps of a module: `struct btf`, by the list `btf_modules` or the numbers in `btf_idr`, whose
 * `data` is what the kernel itself uses; else `module.btf_data`, which may be gone after loading.
 */
export class ModuleBtf {
  readonly #types: TypeTable
  readonly #facts: TypeFacts
  #byModule: Map<bigint, bigint> | undefined
  #byName: Map<string, bigint> | undefined

  constructor(types: TypeTable, facts: TypeFacts) {
    this.#types = types
    this.#facts = facts
  }

  of(module: KernelModule): FoundBtf | undefined {
    const btf = (this.#byModule ??= this.#listed()).get(module.address) ?? (this.#byName ??= this.#numbered()).get(module.name)
    const own = btf === undefined ? undefined : this.#bytes('btf', btf, 'data', 'data_size')
    if (btf !== undefined && own !== undefined) return this.#continuesKernel(module, btf) ? { bytes: own } : undefined
    const bytes = this.#bytes('module', module.address, 'btf_data', 'btf_data_size')
    if (bytes === undefined) return undefined
    // As the module's file had it, not yet put onto the kernel's types (Linux 6.11 and later).
    const base = this.#bytes('module', module.address, 'btf_base_data', 'btf_base_data_size')
    return base === undefined ? { bytes } : { bytes, base }
  }

  /** Whether the module's types count on from the kernel's that were read: from any others, each would mean something else. */
  #continuesKernel(module: KernelModule, btf: bigint): boolean {
    const place = this.#types.member('btf', 'start_id')
    const kernel = this.#types.btf?.graph.kernelEndId
    const first = place && u32At(this.#facts.memory, btf + BigInt(place.offset))
    if (first === undefined || kernel === undefined || first === kernel) return true
    this.#facts.warnings.add(`types of module ${module.name} left out: they count on from ${first - 1} types, and the kernel has ${kernel - 1}`)
    return false
  }

  /** `struct btf` by `struct module`: the list `btf_modules`. */
  #listed(): Map<bigint, bigint> {
    const found = new Map<bigint, bigint>()
    const { memory, symbol } = this.#facts
    const head = symbol('btf_modules')
    const list = this.#types.member('btf_module', 'list')
    const module = this.#types.member('btf_module', 'module')
    const btf = this.#types.member('btf_module', 'btf')
    if (head === undefined || list === undefined || module === undefined || btf === undefined) return found
    for (let link = wordAt(memory, head), left = mostEntries; link !== undefined && link !== head && left > 0; link = wordAt(memory, link), left--) {
      const entry = link - BigInt(list.offset)
      const owner = wordAt(memory, entry + BigInt(module.offset))
      const types = wordAt(memory, entry + BigInt(btf.offset))
      if (owner !== undefined && types !== undefined) found.set(owner, types)
    }
    return found
  }

  /** `struct btf` by name: all that have a number in `btf_idr`. */
  #numbered(): Map<string, bigint> {
    const found = new Map<string, bigint>()
    const { memory, symbol } = this.#facts
    const idr = symbol('btf_idr')
    const head = this.#types.member('idr', 'idr_rt.xa_head')
    const slots = this.#types.member('xa_node', 'slots')
    const name = this.#types.member('btf', 'name')
    const fromKernel = this.#types.member('btf', 'kernel_btf')
    if (idr === undefined || head === undefined || slots?.bytes == null || name === undefined) return found
    const seen = new Set<bigint>()
    const pending = [wordAt(memory, idr + BigInt(head.offset)) ?? 0n]
    for (let left = mostEntries; pending.length > 0 && left > 0; left--) {
      const entry = pending.pop()!
      if (entry === 0n || seen.has(entry)) continue
      seen.add(entry)
      // Bits 1..0 are 10 in a pointer to a node (Linux include/linux/xarray.h, xa_is_node).
      if ((entry & 3n) === 2n) {
        const bytes = memory.tryRead(entry - 2n + BigInt(slots.offset), slots.bytes)
        if (typeof bytes === 'string') continue
        const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
        for (let at = 0; at + 8 <= slots.bytes; at += 8) pending.push(view.getBigUint64(at, memory.littleEndian))
        continue
      }
      const flag = fromKernel && memory.tryRead(entry + BigInt(fromKernel.offset), 1)
      if ((entry & 3n) !== 0n || (flag !== undefined && (typeof flag === 'string' || flag[0] === 0))) continue
      if (typeof memory.tryRead(entry + BigInt(name.offset), 1) !== 'string') found.set(readCString(memory, entry + BigInt(name.offset), 64), entry)
    }
    return found
  }

  #bytes(struct: string, address: bigint, data: string, size: string): Uint8Array | undefined {
    const { memory, warnings } = this.#facts
    const dataAt = this.#types.member(struct, data)
    const sizeAt = this.#types.member(struct, size)
    if (dataAt === undefined || sizeAt === undefined) return undefined
    const start = wordAt(memory, address + BigInt(dataAt.offset))
    const bytes = u32At(memory, address + BigInt(sizeAt.offset))
    if (start === undefined || start === 0n || bytes === undefined || bytes === 0) return undefined
    if (bytes > mostBtfBytes) {
      warnings.add(`an impossible size of a module's BTF, ${bytes} bytes`)
      return undefined
    }
    const found = memory.tryRead(start, bytes)
    return typeof found === 'string' ? undefined : found
  }
}
