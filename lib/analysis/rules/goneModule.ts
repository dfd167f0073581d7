import { readCString, type Memory } from '../../memory/memory.js'
import { FaultError } from '../../errors.js'
import type { System } from '../../system/system.js'
import { formatCount } from '../../util/units.js'
import { hex } from '../../util/hex.js'
import { addressList, openCell } from '../cell.js'
import type { Finding } from '../finding.js'
import { lostExamples, type LeakEvidence } from '../leakEvidence.js'
import { lostFinding, lostGroups, namedObjects, type LostGroup } from '../lostObjects.js'
import type { Rule } from '../rule.js'
import type { SignatureWordRow } from '../signatures.js'
import { readContents } from '../typing/groupContents.js'

/** Modules lie so near to the kernel that its calls reach them (x86-64: the last 2 GiB; arm64: 2 GiB around the image). */
const MODULE_RANGE = 2n ** 31n
/** The last bytes of all are no module's on any architecture: numbers below zero lie there. */
const LAST_MODULE_END = 0xffffffffff000000n
/** Code and data of modules begin at multiples of this; most numbers below zero that mean something are round. */
const ALIGNMENT = 4n
const ROUND = 1000n
/** int3 */
const X86_TRAP = 0xcc
const LONGEST_NAME = 56
const WORD_BYTES = 8
/** Objects whose words are compared. */
const COMPARED = 64

/**
 * Objects that hold addresses where a module's code used to be: the module was unloaded and left them behind. Nobody will free them, and
 * whoever calls through them crashes.
 */
export const goneModule: Rule = {
  name: 'objects of a module that is gone',
  text: 'objects that nothing refers to and that point at module memory in which no code is any more',
  find: (evidence) => lostGroups(evidence).flatMap((lost) => {
    const { system } = lost.machine
    if (system.kernel === undefined || lastUnloaded(system) === '') return []
    const dangling = lost.facts.words.flatMap((word) => {
      const address = sharedAddress(lost, word)
      return address !== undefined && isDangling(system, address) ? [{ offset: word.offset, address }] : []
    })
    return dangling.length === 0 ? [] : [accuse(evidence, lost, dangling)]
  })
}

/** An address that objects hold, and where in them. */
interface Dangling {
  readonly offset: number
  readonly address: bigint
}

/** The address without a name that all objects hold there. arm64 has its modules in vmalloc space, of which signatures keep no values. */
function sharedAddress({ machine: { system }, facts }: LostGroup, { class: kind, offset, symbol, value }: SignatureWordRow): bigint | undefined {
  if (symbol !== null) return undefined
  if (kind === 'module text' || kind === 'module data' || kind === 'kernel pointer') return value === null ? undefined : BigInt(value)
  if (kind !== 'vmalloc pointer' || lastUnloaded(system) === undefined) return undefined
  const { rows, words, halves } = readContents(system.memory, lostExamples(facts, COMPARED), offset + WORD_BYTES, COMPARED)
  const at = (row: number): bigint => (BigInt(words[row * halves + offset / 4 + 1]) << 32n) | BigInt(words[row * halves + offset / 4])
  return rows.length > 0 && rows.every((_, row) => at(row) === at(0)) ? at(0) : undefined
}

/** Whether an address near the kernel's code has no page behind it, or one that was wiped. */
function isDangling({ kernel, memory, symbols }: System, address: bigint): boolean {
  const text = symbols.named('_stext')[0]?.address ?? symbols.named('_text')[0]?.address
  if (text === undefined || kernel === undefined) return false
  const distance = address > text ? address - text : text - address
  if (distance >= MODULE_RANGE || address >= LAST_MODULE_END || address % ALIGNMENT !== 0n) return false
  if (BigInt.asIntN(64, address) % ROUND === 0n) return false
  return kernel.physicalOf(address) === undefined || isWiped(memory, address)
}

/** Since Linux 6.13, x86-64 keeps the pages of a module's code for the next one, and fills them with traps (mm/execmem.c). */
function isWiped(memory: Memory, address: bigint): boolean {
  const code = memory.tryRead(address, WORD_BYTES)
  return typeof code !== 'string' && code.every((byte) => byte === X86_TRAP)
}

function accuse(evidence: LeakEvidence, lost: LostGroup, dangling: readonly Dangling[]): Finding {
  const { facts, machine, unreachable, type } = lost
  const examples = Array.from(lostExamples(facts, 3), hex)
  const name = lastUnloaded(machine.system) ?? ''
  const module = name === '' ? 'a module that is gone' : `a module that is gone (${name} was unloaded last)`
  return lostFinding(evidence, lost, {
    rule: goneModule.name,
    hypothesis: `${formatCount(unreachable)} ${namedObjects(type)} in ${facts.cache?.name ?? 'slab memory'} point at the code of ${module}, which left them behind.`,
    fix: `In the exit function of the module, free these objects before it returns${name === '' ? '' : ` (look at ${name} first)`}.`,
    ownerGone: true,
    items: [{
      text: `They hold ${dangling.map(({ offset, address }) => `${hex(address)} at 0x${offset.toString(16)}`).join(', ')}: module memory in which no code is any more.`,
      addresses: examples,
      code: openCell(machine.files, (dump) => `words(${dump}, ${addressList(examples)})`)
    }]
  })
}

/**
 * The kernel remembers the name of the module that it unloaded last (kernel/module/main.c, kernel/module.c before v5.19); empty where none was,
 * undefined where that is not known.
 */
function lastUnloaded({ kernel, memory }: System): string | undefined {
  const address = kernel?.symbol('last_unloaded_module')
  if (address === undefined) return undefined
  try {
    const name = readCString(memory, address, LONGEST_NAME)
    return /^\w*$/.test(name) ? name : undefined
  } catch (error) {
    if (error instanceof FaultError) return undefined
    throw error
  }
}
