import type { ReaderContext } from './readerContext.js'

const labels = 'KERNEL|DEBUG KERNEL|SYSTEM MAP|DEBUGINFO|DUMPFILE|DUMPFILES|CPUS|DATE|UPTIME|LOAD AVERAGE|TASKS|NODENAME|RELEASE|VERSION|MACHINE|MEMORY|PANIC'
const systemRow = new RegExp(`^\\s*(${labels}): (.*)$`)
const banner = /^crash (\d+\.\d+\S*)$/
/** Loggers say where a new session starts. */
const logStart = /^Script started on |^=~=~.* PuTTY log /
const machineRows = new Set(['KERNEL', 'DUMPFILE', 'NODENAME', 'RELEASE', 'VERSION', 'MACHINE'])

const moduleHeader = /^\s*MODULE\s+NAME\s+((?:TEXT_)?BASE\s+)?(?:TEXT_)?SIZE\s+OBJECT FILE/
const moduleRow = /^\s*([0-9a-f]{8,16})\s+(\S+)\s+([0-9a-f]{8,16})\s+(\d+)\s*(.*)$/
const moduleRowWithoutBase = /^\s*([0-9a-f]{8,16})\s+(\S+)\s+(\d+)\s+(.*)$/

const logLine = /^(?:<\d+>)?\[ *\d+\.\d{6}\]|^\[ *T\d+\]/
const linuxVersion = /\bLinux version (\S+)/

/** The prefix of crash's own complaints: the command's name. */
const complaint = /^(?:crash|kmem|rd|struct|union|sym|list|tree|search|mod|bt|ps|vtop|dis|log|gdb|p|task|foreach|WARNING|NOTE): .+/
const unreadable = /\b(page excluded|seek error|invalid kernel virtual address|invalid user virtual address|invalid physical address): +(?:(?:kernel|user) virtual address: |physical address: )?([0-9a-f]{1,16})/

const hit = /^([0-9a-f]{8,16}): ([0-9a-f]{1,16})(?: \(.*\))?$/

/** Output of crash's that holds nothing about slabs: known, so that a text of it alone is known for a session. */
const otherOutput = new RegExp([
  String.raw`^PID: +\d+ +TASK: +[0-9a-f]+ +CPU: +\d+ +COMMAND: `,
  String.raw`^\s*PID +PPID +CPU +TASK +ST +%MEM`,
  String.raw`^\s*PAGES +TOTAL +PERCENTAGE$`,
  String.raw`^\s*PAGE +PHYSICAL +MAPPING +INDEX +CNT +FLAGS$`,
  String.raw`^VIRTUAL +PHYSICAL$`,
  String.raw`^ *#\d+ \[[0-9a-f]{8,16}\] \S+ at [0-9a-f]{8,16}`,
  String.raw`^\s*(?:RIP|PC|pc|NIP): +[0-9a-f]{8,16} `
].join('|'))

/** Rows of `sys`, the start banner, `mod`, `log`, `search` and complaints. True where the line was one of them. */
export function systemStatement(text: string, context: ReaderContext): boolean {
  return systemRows(text, context) || moduleRows(text, context) || logRows(text, context) || searchRow(text, context) || message(text, context) || otherOutput.test(text)
}

function systemRows(text: string, context: ReaderContext): boolean {
  const { builder } = context
  const start = banner.exec(text)
  if (start !== null) {
    builder.startSession(context.place()).crash = start[1]
    return true
  }
  if (logStart.test(text)) {
    builder.startSession(context.place())
    return true
  }
  const row = systemRow.exec(text)
  if (row === null) return false
  const [, label, value] = row
  let session = builder.session(context.place())
  const before = session.rows.get(label)
  // The same row again with another value: `sys` of another run, whose log was appended.
  if (before !== undefined && before !== value && machineRows.has(label)) session = builder.startSession(context.place())
  session.rows.set(label, value.trim())
  // Byte order of the machines that crash knows; `ppc64le` is little-endian.
  if (label === 'MACHINE') builder.words.bigEndian = /^(?:s390x?|ppc64|ppc|mips64?|sparc64)\b/.test(value.trim())
  return true
}

function moduleRows(text: string, context: ReaderContext): boolean {
  const header = moduleHeader.exec(text)
  if (header !== null) {
    context.mode = 'modules'
    context.modulesHaveBase = header[1] !== undefined
    return true
  }
  if (context.mode !== 'modules') return false
  const row = (context.modulesHaveBase ? moduleRow : moduleRowWithoutBase).exec(text)
  if (row === null) return false
  const [address, name, ...rest] = row.slice(1)
  const base = context.modulesHaveBase ? rest[0] : undefined
  const [bytes, file] = rest.slice(-2)
  context.builder.modules.push({
    place: context.place(), address: BigInt(`0x${address}`), name, base: base === undefined ? null : BigInt(`0x${base}`), bytes: Number(bytes),
    objectFile: file === '' || file.startsWith('(not loaded)') ? null : file.trim()
  })
  return true
}

function logRows(text: string, context: ReaderContext): boolean {
  const isLog = logLine.test(text)
  if (!isLog && context.mode !== 'log') return false
  context.builder.addLogLine(text)
  const version = linuxVersion.exec(text)
  if (version !== null) {
    const session = context.builder.session(context.place())
    if (!session.rows.has('RELEASE')) session.rows.set('RELEASE', version[1])
  }
  return isLog || context.mode === 'log'
}

function searchRow(text: string, context: ReaderContext): boolean {
  const row = hit.exec(text)
  if (row === null) return false
  const searched = context.command?.name === 'search'
  const narrow = context.command?.options.some((option) => /[whc]/.test(option))
  // Without the command, `ADDRESS: text` of `search -c` may hold anything: only a whole pointer is believed.
  if (narrow || (!searched && row[2].length !== 16)) return searched
  context.builder.hits.push({ place: context.place(), address: BigInt(`0x${row[1]}`), value: BigInt(`0x${row[2]}`) })
  return true
}

function message(text: string, context: ReaderContext): boolean {
  if (!complaint.test(text)) return false
  const { builder } = context
  const fault = unreadable.exec(text)
  if (fault !== null && context.rows.memory === 'kernel') {
    const reason = fault[1] === 'page excluded' ? 'excluded' : fault[1] === 'seek error' ? 'absent' : 'unmapped'
    if (builder.unreadable.length < 100_000) builder.unreadable.push({ place: context.place(), address: BigInt(`0x${fault[2]}`), reason })
  }
  builder.addMessage(context.place(), text)
  return true
}
