import { openVmcore } from '../../lib/system/openVmcore.js'
import { randomFrom } from './random.js'
import { KdumpStream, type StoredPage } from './kdumpStream.js'
import { PatchedPages } from './patchedPages.js'
import { PER_STRETCH, SlabTemplate } from './slabTemplate.js'

const PAGE = 4096
const GiB = 2 ** 30
const NOTHING = 0xff
const HALF_EMPTY = 0x80
/** Frames at the end of memory for new page tables, which the page structures lie before. */
const TABLE_FRAMES = 2 ** 16
/** Slabs come in runs: how likely a stretch begins a new one, and how likely one of dentries is half empty. */
const [NEW_RUN, HALF] = [0.15, 0.03]

/** Part of memory that slabs of these caches take. */
const parts: Readonly<Record<string, number>> = {
  'kmalloc-cg-32': 0.08, 'kmalloc-96': 0.04, dentry: 0.03, inode_cache: 0.03, kernfs_node_cache: 0.01, 'kmalloc-1k': 0.01, radix_tree_node: 0.02
}

/** What a cache of a large dump holds, its slabs in the given dump among it. */
export interface LargeCache {
  slabs: number
  total: number
  allocated: number
}

/**
 * Writes a dump of a machine with `gigabytes` of memory (a multiple of 8): the kernel of the given one (x86-64, SLUB), with page structures, page tables
 * and the direct map for all of that memory, and copies of its full slabs in a fifth of it, which the kernel's counters count. Pages that hold the same lie
 * in the file once.
 */
export async function largeDump(source: string, target: string, gigabytes: number): Promise<Map<string, LargeCache>> {
  const system = await openVmcore(source)
  const { kernel } = system
  const frames = (gigabytes * GiB) / PAGE
  const old = kernel.physical.frames
  const structFrames = frames / PER_STRETCH
  const structsAt = Math.floor((frames - structFrames - TABLE_FRAMES) / 2 ** 18) * 2 ** 18
  const patched = new PatchedPages(kernel, frames - TABLE_FRAMES)
  const [{ address: vmemmap }] = kernel.pageStructRuns()
  patched.map(kernel.directMap.start, 0, frames * PAGE)
  patched.map(vmemmap, structsAt * PAGE, Math.ceil((structFrames * PAGE) / GiB) * GiB)
  describeSections(patched, frames)

  const templates = Object.keys(parts).map((name) => new SlabTemplate(system, name))
  const kinds = planned(templates, frames / PER_STRETCH, Math.ceil(old / PER_STRETCH), structsAt / PER_STRETCH)
  const truth = count(patched, templates, kinds)
  for (const [name, cache] of truth) {
    const { slabs, total, allocated } = system.caches().find((one) => one.name === name)!
    truth.set(name, { slabs: cache.slabs + slabs!, total: cache.total + total!, allocated: cache.allocated + allocated! })
  }

  const present = Buffer.alloc(frames / 8)
  const set = (frame: number): void => void (present[frame >> 3] |= 1 << (frame & 7))
  for (const { start, end } of kernel.physical.presentRuns()) for (let frame = start; frame < end; frame++) set(frame)
  for (const frame of patched.pages.keys()) set(frame)
  present.fill(0xff, structsAt / 8, (structsAt + structFrames) / 8)
  kinds.forEach((kind, stretch) => kind !== NOTHING && present.fill(0xff, stretch * 8, stretch * 8 + 8))

  const out = new KdumpStream(source, target, frames, present)
  const zeros = out.store(Buffer.alloc(PAGE))
  const contents = templates.map((template) => template.contents().map((page) => out.store(page)))
  const fullStructs = templates.map((template) => (template.pages === 1 ? out.store(template.structs(0, vmemmap, false)) : undefined))
  const structsOf = (stretch: number): StoredPage => {
    const kind = kinds[stretch]
    if (kind === NOTHING) return zeros
    const [template, isHalf] = [kind & ~HALF_EMPTY, (kind & HALF_EMPTY) !== 0]
    const first = stretch * PER_STRETCH
    return (isHalf ? undefined : fullStructs[template]) ?? out.store(templates[template].structs(first, vmemmap + BigInt(first * PER_STRETCH), isHalf))
  }
  const contentOf = (frame: number): StoredPage => {
    const kind = kinds[Math.floor(frame / PER_STRETCH)]
    const template = templates[kind & ~HALF_EMPTY]
    const page = frame % template.pages
    return (kind & HALF_EMPTY) === 0 ? contents[kind][page] : out.store(template.halfEmpty(frame - page)[page])
  }
  for (const frame of setBits(present)) {
    const changed = patched.pages.get(frame)
    if (changed !== undefined) out.add(out.store(changed))
    else if (frame < old) out.add(out.store(kernel.physical.page(frame) as Uint8Array))
    else if (frame >= structsAt && frame < structsAt + structFrames) out.add(structsOf(frame - structsAt))
    else out.add(contentOf(frame))
  }
  out.close()
  system.close()
  return truth
}

/** Tells the kernel of all sections of memory: all of them have the same entry, so all roots may be one page. */
function describeSections(patched: PatchedPages, frames: number): void {
  const { kernel } = patched
  const roots = patched.physicalOf(kernel.vmcoreinfo.symbol('mem_section')!)
  const bytes = kernel.types.sizeOf('mem_section')!
  const root = patched.read(roots)
  const first = patched.physicalOf(root)
  for (let at = bytes; at < PAGE; at += bytes) patched.write(first + at, patched.read(first))
  const sections = frames / 2 ** 15
  for (let i = 1; i < Math.ceil(sections / (PAGE / bytes)); i++) patched.write(roots + i * 8, root)
}

/** What lies in each stretch: the number of a template, half empty or not. */
function planned(templates: readonly SlabTemplate[], stretches: number, first: number, end: number): Uint8Array {
  const kinds = new Uint8Array(stretches).fill(NOTHING)
  const random = randomFrom(7)
  let kind = NOTHING
  for (let stretch = first; stretch < end; stretch++) {
    if (random() < NEW_RUN) kind = kindAt(templates, random())
    kinds[stretch] = kind
    if (templates[kind]?.name === 'dentry' && random() < HALF) kinds[stretch] |= HALF_EMPTY
  }
  return kinds
}

function kindAt(templates: readonly SlabTemplate[], point: number): number {
  let sum = 0
  const found = templates.findIndex(({ name }) => point < (sum += parts[name]))
  return found < 0 ? NOTHING : found
}

/** Counts the new slabs, and makes the kernel count them. */
function count(patched: PatchedPages, templates: readonly SlabTemplate[], kinds: Uint8Array): Map<string, LargeCache> {
  const { types } = patched.kernel
  return new Map(templates.map(({ name, pages, objects, half, record }, kind) => {
    let [full, halfEmpty] = [0, 0]
    for (const one of kinds) {
      if (one === kind) full += PER_STRETCH / pages
      else if (one === (kind | HALF_EMPTY)) halfEmpty += PER_STRETCH / pages
    }
    const slabs = full + halfEmpty
    const node = patched.read(patched.physicalOf(record.address + BigInt(types.member('kmem_cache', 'node')!.offset)))
    for (const [member, more] of [['nr_slabs', slabs], ['total_objects', slabs * objects], ['nr_partial', halfEmpty]] as const) {
      patched.count(node + BigInt(types.member('kmem_cache_node', member)!.offset), more)
    }
    return [name, { slabs, total: slabs * objects, allocated: slabs * objects - halfEmpty * half }]
  }))
}

function* setBits(bits: Buffer): Generator<number> {
  for (let byte = 0; byte < bits.length; byte++) for (let bit = 0; bits[byte] >> bit > 0; bit++) if (((bits[byte] >> bit) & 1) === 1) yield byte * 8 + bit
}
