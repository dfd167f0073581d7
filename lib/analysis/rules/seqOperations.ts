import { formatCount } from '../../util/units.js'
import { hex } from '../../util/hex.js'
import { addressList, openCell } from '../cell.js'
import { cacheEvidence } from '../cacheEvidence.js'
import type { EvidenceItem, Finding } from '../finding.js'
import { droppedObjects, lostExamples, type GroupFacts, type LeakEvidence, type MachineFacts } from '../leakEvidence.js'
import { fileOperationsWithRelease, type FileOperations } from '../fileOperations.js'
import { procPaths } from '../procPaths.js'
import { findingOf, isSample, type Rule } from '../rule.js'
import { reached } from '../reachedItem.js'
import { recordedAllocator } from '../recordedAllocator.js'
import type { SignatureWordRow } from '../signatures.js'

/** Members of struct seq_operations that single_open() sets to functions of fs/seq_file.c, by offset. */
const members = [
  { offset: 0, member: 'start', function: 'single_start' },
  { offset: 8, member: 'stop', function: 'single_stop' },
  { offset: 16, member: 'next', function: 'single_next' }
] as const
/** seq_operations.show: what single_open() was given. */
const showOffset = 24

/** What allocates a seq_operations for one show function (fs/seq_file.c). */
const openers = ['single_open', 'single_open_size']

/** As many may be files that are open at the moment; where only some objects were read, a share says more. */
const openFiles = 50
const leastShare = 0.1

/**
 * single_open() allocates a seq_operations that only single_release() frees. A file opened with the one and released with seq_release()
 * leaks one at each open (fs/seq_file.c). The objects themselves say whose file it is: `show` is the driver's function.
 */
export const seqOperations: Rule = {
  name: 'seq_operations without single_release',
  text: 'objects of single_open(), more than files can be open: a file that is opened with single_open() and not released with single_release()',
  find: (evidence) => evidence.machines.flatMap((machine) => machine.groups.flatMap((facts) => {
    const { group, signatures } = facts
    const many = isSample(machine) ? group.objects >= signatures.readObjects * leastShare : group.objects >= openFiles
    if (!many || !isOfSingleOpen(facts)) return []
    const show = facts.words.find(({ offset }) => offset === showOffset)
    return show === undefined || show.class === 'missing' ? [] : accuse(evidence, machine, facts, show)
  }))
}

function isOfSingleOpen(facts: GroupFacts): boolean {
  const named = members.filter((one) => facts.group.words.find(({ offset }) => offset === one.offset)?.symbol?.name === one.function)
  // A session may have named some of them only, and its reader found the type by the others.
  return named.length === members.length || (named.length > 0 && facts.type?.type === 'seq_operations')
}

function accuse(evidence: LeakEvidence, machine: MachineFacts, facts: GroupFacts, show: SignatureWordRow): Finding[] {
  const { cache, words } = facts
  const culprit = show.symbol ?? (show.value === null ? 'several functions' : show.value)
  const further = cacheEvidence(evidence, cache?.name ?? null)
  const named = show.symbol !== null
  const tables = machine.system.kernel === undefined ? [] : culprits(machine, show)
  const leaked = droppedObjects(machine, facts) >= openFiles
  if (tables.length > 0 || leaked) return [proven(evidence, machine, facts, show, tables, leaked)]
  // Those that something leads to are of files that are open; those that a lost file holds are not freed because it is not.
  if (facts.reachable !== null && facts.group.objects - facts.reachable - wentWithOthers(facts) < openFiles) return []
  const items: EvidenceItem[] = [contents(machine, facts, culprit), ...printed(machine, facts), whatTheyAre(machine), ...whose(machine, show, culprit), ...further.items]
  return [findingOf(facts, {
    type: 'seq_operations',
    verdict: 'maybe',
    confidence: named && further.agrees ? 'likely' : 'weak',
    module: show.module,
    symbols: [...(show.symbol === null ? [] : [show.symbol]), ...words.flatMap(({ offset, symbol }) => (offset < showOffset && symbol !== null ? [symbol] : []))],
    rule: seqOperations.name,
    hypothesis: `Each open of the file that ${culprit} shows allocates a seq_operations with single_open(), and the file's release does not free it.`,
    fix: `Find the file_operations or proc_ops whose open passes ${culprit} to single_open(), and make its release single_release (seq_release frees the seq_file, not the seq_operations).`,
    evidence: items
  })]
}

/** Lost objects that other lost objects refer to. */
function wentWithOthers({ unreachable, lost }: GroupFacts): number {
  return lost === undefined ? 0 : (unreachable ?? 0) - lost.dropped
}

/** Tables of the module whose function is shown that open with single_open() and release with seq_release(). */
function culprits(machine: MachineFacts, show: SignatureWordRow): FileOperations[] {
  return fileOperationsWithRelease(machine.system, 'seq_release', openers)
    .filter(({ module, calls }) => module === show.module && (calls === null || calls.size > 0))
}

/** What a dump adds: nothing leads to the objects, and the table of file functions at fault was read. */
function proven(
  evidence: LeakEvidence, machine: MachineFacts, facts: GroupFacts, show: SignatureWordRow, tables: readonly FileOperations[], leaked: boolean
): Finding {
  const culprit = show.symbol ?? show.value ?? 'several functions'
  const [table] = tables
  const read = tables.filter(({ calls }) => calls !== null)
  // Where the code that opens the file is not in the dump, whose the objects are is likely and not proven.
  const isProven = leaked && (tables.length === 0 || read.length > 0)
  const paths = table === undefined ? [] : procPaths(machine.system, table.address)
  const file = paths.length === 0 ? `the file of ${table === undefined ? '' : table.name ?? `the ${table.struct} at ${hex(table.address)}`}` : paths.join(' and ')
  const own = facts.words.flatMap(({ offset, symbol }) => (offset < showOffset && symbol !== null ? [symbol] : []))
  const allocator = recordedAllocator(machine, facts)
  const name = table === undefined ? null : table.name ?? `the ${table.struct} at ${hex(table.address)}`
  return findingOf(facts, {
    type: 'seq_operations',
    verdict: isProven ? 'leak' : 'maybe',
    confidence: leaked && read.length > 0 ? 'certain' : leaked || read.length > 0 ? 'likely' : 'weak',
    module: show.module,
    symbols: [...(show.symbol === null ? [] : [show.symbol]), ...tables.flatMap((one) => [...(one.name === null ? [] : [one.name]), one.open]), ...own],
    rule: seqOperations.name,
    hypothesis: table === undefined
      ? `Each open of the file that ${culprit} shows allocates a seq_operations with single_open(), and nothing frees it.`
      : `Each open of ${file} ${read.includes(table) ? 'calls' : 'probably calls'} single_open() in ${table.open}, which allocates a seq_operations; the ${table.releaseMember} of ${name} is seq_release, which does not free it.`,
    fix: table === undefined
      ? `Find the file_operations or proc_ops whose open passes ${culprit} to single_open(), and make its release single_release.`
      : `In ${name}, set ${table.releaseMember} to single_release instead of seq_release.`,
    evidence: [
      contents(machine, facts, culprit),
      ...(facts.unreachable === null ? [] : [reached(machine, facts, facts.unreachable)]),
      ...tables.map((one) => tableItem(machine, one, one === table ? paths : procPaths(machine.system, one.address))), whatTheyAre(machine), ...whose(machine, show, culprit),
      ...(allocator === undefined ? [] : [allocator.item]), ...cacheEvidence(evidence, facts.cache?.name ?? null).items
    ]
  })
}

function tableItem(machine: MachineFacts, table: FileOperations, paths: readonly string[]): EvidenceItem {
  const { name, struct, address, releaseMember, open, calls, module } = table
  const where = module === null ? 'the kernel' : `the module ${module}`
  const code = calls === null ? `The code of ${open} is not in the dump.` : `The code of ${open} calls ${[...calls].join(' and ')}.`
  return {
    text: `${name ?? 'A table'} (struct ${struct}, in ${where}) has ${releaseMember} = seq_release and opens with ${open}${paths.length === 0 ? '' : `; it serves ${paths.join(', ')}`}. ${code}`,
    addresses: [hex(address), hex(table.openAddress)],
    code: openCell(machine.files, (dump) => `(${dump}).read('${struct}', '${hex(address)}')`)
  }
}

function contents(machine: MachineFacts, facts: GroupFacts, culprit: string): EvidenceItem {
  const { cache, group, signatures, reach } = facts
  const own = facts.words.flatMap(({ offset, symbol }) => (offset < showOffset && symbol !== null ? [symbol] : []))
  const whole = isSample(machine) ? `${formatCount(group.objects)} of the ${formatCount(signatures.readObjects)} objects that were read`
    : `${formatCount(group.objects)} of ${formatCount(signatures.readObjects)} allocated objects`
  const examples = Array.from(lostExamples(facts, 3), hex)
  return {
    text: `${whole}${cache === null ? '' : ` in ${cache.name}`} hold ${[...own, culprit].join(', ')} in their first 32 bytes (${reach.basis}).`,
    addresses: examples,
    code: openCell(machine.files, (dump) => `words(${dump}, ${addressList(examples)}, { bytes: 32 })`)
  }
}

function printed(machine: MachineFacts, facts: GroupFacts): EvidenceItem[] {
  const own = new Set(facts.signatures.addressesOf(facts.group))
  const shown = (machine.system.shownStructs ?? []).filter(({ type, address }) => type === 'seq_operations' && own.has(address))
  return shown.slice(0, 1).map(({ address, members: values }) => ({
    text: `The session printed one as struct seq_operations: ${values.map(({ name, value }) => `${name} = ${functionName(value)}`).join(', ')}.`,
    addresses: [hex(address)],
    code: openCell(machine.files, (dump) => `words(${dump}, ['${hex(address)}'], { bytes: 32 })`)
  }))
}

/** crash prints `0xffff00000824edd8 <single_start>`. */
function functionName(value: string): string {
  return /<([^>]+)>/.exec(value)?.[1] ?? value
}

function whatTheyAre(machine: MachineFacts): EvidenceItem {
  const start = machine.system.symbols.named('single_start').find(({ file }) => file != null)
  const file = start?.file == null ? 'fs/seq_file.c' : (/(?:^|\/)(fs\/seq_file\.c)$/.exec(start.file)?.[1] ?? start.file)
  return {
    text: `Only single_open() (${file}) stores these functions in memory it allocates; single_release() frees that memory, seq_release() does not.`,
    addresses: start === undefined ? [] : [hex(start.address)],
    code: start === undefined ? null : openCell(machine.files, (dump) => `(${dump}).symbol('single_start')`)
  }
}

function whose(machine: MachineFacts, show: SignatureWordRow, culprit: string): EvidenceItem[] {
  if (show.value === null) return []
  const where = show.module !== null ? `It is a function of the module ${show.module}.`
    : show.class === 'module text' ? 'It lies in module memory; the evidence does not name the module.' : show.class === 'kernel text' ? "It is the kernel's own code." : 'The evidence does not name whose code that is.'
  return [{
    text: `${culprit} is what single_open() was given: it is its file that leaks. ${where}`,
    addresses: [show.value],
    code: openCell(machine.files, (dump) => `(${dump}).symbol('${show.value}')`)
  }]
}
