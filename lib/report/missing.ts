import type { Finding } from '../analysis/finding.js'
import type { LeakEvidence, MachineFacts } from '../analysis/leakEvidence.js'
import { mergeNote } from '../analysis/mergedCaches.js'
import { formatCount } from '../util/units.js'
import { hex } from '../util/hex.js'
import type { TranscriptSystem } from '../system/transcriptSystem.js'
import type { Changes } from './changes.js'
import type { Missing } from './reportModel.js'

/** What else the report knows of its evidence. */
export interface Known {
  /** Whether meminfo or free was given. */
  readonly memory: boolean
  /** Whether caches may share slabs with others of similar size; null where nothing says. */
  readonly merging: boolean | null
  /** Names of snapshots (`leaking`), with the caches' counts in them. */
  readonly snapshots: Changes['snapshots']
  /** Pairs of statements that cannot both hold, as sentences. */
  readonly disagreements: readonly string[]
  /** What the search for references left out and could not see. */
  readonly unscanned: readonly Missing[]
}

/** What the evidence cannot show, the most useful next step first. */
export function missingOf(findings: readonly Finding[], evidence: LeakEvidence, known: Known): Missing[] {
  const suspects = findings.filter(({ verdict }) => verdict !== 'not a leak')
  const accused = new Set(suspects.flatMap(({ cache }) => cache ?? []))
  return [
    ...evidence.machines.flatMap((machine) => unread(machine)),
    ...evidence.machines.flatMap((machine) => unlisted(machine)),
    ...evidence.machines.flatMap((machine) => counts(machine, accused, known)),
    ...known.disagreements.map((text): Missing => ({ text: `Two statements disagree: ${text}.`, command: null, where: null })),
    ...evidence.machines.flatMap(nameless),
    ...suspects.slice(0, 3).flatMap((finding) => code(finding, evidence)),
    ...references(evidence, suspects),
    ...(evidence.machines.length === 0 ? contents([...accused]) : []),
    ...merged([...accused], evidence, known),
    ...time(evidence, known),
    ...known.unscanned
  ]
}

function command(text: string, where: Missing['where'], line: string): Missing {
  return { text, command: line, where }
}

/** Listed objects that nobody read. */
function unread(machine: MachineFacts): Missing[] {
  const caches = new Map(machine.groups.map(({ cache, signatures }) => [cache?.name ?? null, signatures]))
  const found: Missing[] = []
  const listed = machine.system.objects()
  for (const [name, { objects, readObjects }] of caches) {
    if (readObjects >= objects) continue
    const all = name === null ? objects : countOf(listed, name)
    const what = machine.system.kind === 'transcript'
      ? `${formatCount(readObjects)} of ${formatCount(all)} listed objects of ${name} were read (${formatCount(objects)} of these are allocated): what the others hold is not known.`
      : `${formatCount(objects - readObjects)} of ${formatCount(objects)} allocated objects of ${name} lie on pages that the dump does not hold.`
    if (machine.system.kind === 'transcript' && name !== null) found.push(command(what, 'shell', `slablab crash-script ${machine.files.map(quoted).join(' ')} --cache ${name}`))
    else found.push({ text: what, command: null, where: null })
  }
  return found
}

function countOf(objects: ReturnType<MachineFacts['system']['objects']>, name: string): number {
  let count = 0
  for (let i = 0; i < objects.length; i++) if (objects.caches[objects.cache[i]]?.name === name) count++
  return count
}

/** Objects that a session counts and does not list. */
function unlisted({ system }: MachineFacts): Missing[] {
  if (system.kind !== 'transcript') return []
  const listed = system.objects()
  const untracked = 'transcript' in system && (system as TranscriptSystem).transcript.listings.some(({ fullSlabs }) => fullSlabs === 'not tracked')
  return system.caches().flatMap(({ name, total, slabs }) => {
    const count = countOf(listed, name)
    if (total === null || count === 0 || count >= total) return []
    const text = `The session lists ${formatCount(count)} of ${formatCount(total)} objects of ${name}${slabs === null ? '' : ` in ${formatCount(slabs)} slabs`}`
    return untracked ? [command(`${text}; crash cannot list full slabs on this kernel, slablab can.`, 'shell', `slablab objects vmcore --cache ${name}`)]
      : [command(`${text}.`, 'crash', `kmem -S ${name} > ${name}.txt`)]
  })
}

/** A session and slabinfo count the same cache differently. Both are right in their way, and both are shown. */
function counts({ system }: MachineFacts, accused: ReadonlySet<string>, { snapshots }: Known): Missing[] {
  return system.caches().flatMap(({ name, allocated }) => {
    if (allocated === null || !accused.has(name)) return []
    const others = snapshots.flatMap(({ label, caches }) => {
      const active = caches.get(name)?.activeObjects
      // A snapshot with another order of magnitude is of another machine, or of before.
      return active == null || active === allocated || active > allocated * 1.5 || active < allocated / 1.5 ? [] : [{ label, active }]
    })
    return others.map(({ label, active }): Missing => ({
      text: `The ${system.kind === 'dump' ? 'dump' : 'session'} counts ${formatCount(allocated)} allocated objects of ${name}, ${label} counts ${formatCount(active)}: slabinfo counts objects in per-CPU caches as in use, and the two were not taken at the same moment.`,
      command: null, where: null
    }))
  })
}

/** Classes of constant words that may be addresses of code. */
const maybeCode: ReadonlySet<string> = new Set(['kernel text', 'module text', 'vmalloc pointer', 'kernel pointer'])

/** Addresses that many objects share and no symbol names: their names are the shortest way to the culprit. */
function nameless({ system, groups }: MachineFacts): Missing[] {
  if (system.kind !== 'transcript') return []
  return groups.filter(({ group, signatures }) => group.objects >= 2 && group.objects * 5 >= signatures.readObjects).slice(0, 2).flatMap(({ words, cache, group }) => {
    const open = words.filter((word) => word.symbol === null && word.value !== null && maybeCode.has(word.class)).slice(0, 8)
    if (open.length === 0) return []
    const what = `${formatCount(group.objects)} objects${cache === null ? '' : ` of ${cache.name}`} hold ${open.length === 1 ? 'an address' : `${open.length} addresses`} that the evidence does not name; where it is code, its names tell what the objects are.`
    return [command(what, 'crash', open.map(({ value }) => `sym ${value!.slice(2)}`).join('\n'))]
  })
}

/** The code at fault is what turns `maybe` into `leak`. */
function code({ symbols, verdict, module, type }: Finding, evidence: LeakEvidence): Missing[] {
  const [culprit] = symbols
  if (culprit === undefined || verdict !== 'maybe' || evidence.machines.some(({ system }) => system.kind === 'dump')) return []
  const address = evidence.machines.flatMap(({ system }) => system.symbols.named(culprit))[0]?.address
  const plain = address === undefined ? culprit : hex(address).slice(2)
  const found: Missing[] = []
  if (module === null) found.push(command(`Which module ${culprit} belongs to is not shown.`, 'crash', `sym ${plain}`))
  if (type === 'seq_operations') {
    found.push(
      command(`The code that opens the file of ${culprit} is not in the evidence. In its sources, the call that names it shows the open function, and the same struct names the release.`,
        'shell', `grep -rn 'single_open.*${culprit}' SOURCES`),
      command('Without the sources: the file_operations (proc_ops since Linux 5.6) is a symbol of the module, and printing it shows open and release.',
        'crash', `sym -m ${module ?? 'MODULE'} | grep -i ops`)
    )
  } else {
    found.push(command(`The code that stores ${culprit} is not in the evidence.`, 'shell', `grep -rn ${culprit} SOURCES`))
  }
  return found
}

function references({ machines }: LeakEvidence, suspects: readonly Finding[]): Missing[] {
  if (suspects.length === 0 || machines.length === 0) return []
  const transcript = machines.find(({ system }) => system.kind === 'transcript')
  const unknown = suspects.filter(({ unreachable, objects }) => unreachable === null && objects !== null)
  if (transcript === undefined || unknown.length === 0) return []
  return [command('A session cannot show that nothing refers to these objects any more; the vmcore it was opened on can.', 'shell', 'slablab report vmcore')]
}

/** Only slabinfo: what the objects hold is the next question. */
function contents(caches: readonly string[]): Missing[] {
  return caches.slice(0, 3).map((cache) => command(`What the objects of ${cache} hold is not in the evidence.`, 'crash', `kmem -S ${cache} > ${cache}.txt`))
}

/** SLAB and SLUB let caches of similar size share slabs, under one of their names. */
function merged(caches: readonly string[], { machines }: LeakEvidence, { merging, snapshots }: Known): Missing[] {
  // A dump tells the aliases of each cache.
  if (machines.some(({ system }) => system.kind === 'dump')) return []
  return caches.flatMap((cache) => {
    const listed = snapshots.findLast((snapshot) => snapshot.caches.has(cache))
    const slotBytes = listed?.caches.get(cache)?.slotBytes ?? machines.flatMap(({ system }) => system.caches()).find(({ name }) => name === cache)?.slotBytes ?? null
    const note = mergeNote(cache, slotBytes, [...(listed?.caches.keys() ?? [])], merging)
    if (note === null || note.merged === false) return []
    return [command(`${note.text}. Whether caches were merged is not shown.`, 'machine', `grep -o slab_nomerge /proc/cmdline; ls -l /sys/kernel/slab | grep ${cache}`)]
  })
}

function time({ growth, differences }: LeakEvidence, known: Known): Missing[] {
  const found: Missing[] = []
  if (growth.length === 0 && differences.length > 0) {
    found.push(command('There is no series of snapshots: when and how fast it grows is not known.', 'machine', 'slablab watch series.txt'))
  }
  if (!known.memory && known.snapshots.length > 0) {
    found.push(command('There is no meminfo: how much of the missing memory is slab, and how much of that these caches explain, is not known.', 'machine', 'cat /proc/meminfo'))
  }
  return found
}

function quoted(path: string): string {
  return /^[\w./@%+=:,-]+$/.test(path) ? path : `'${path.replace(/'/g, "'\\''")}'`
}
