import { CrashReader } from './crash/crashReader.js'
import type { FileKind } from './fileKind.js'
import { plainBytes } from './plainText.js'
import { readSymbolText } from './symbolText.js'

/** Kinds of text that one of their first lines tells. Those that hold caches or memory over time are read by `loadSlabinfo`. */
const marks: readonly (FileKind & { readonly line: RegExp })[] = [
  { kind: 'slabinfo', text: '/proc/slabinfo', readable: true, hint: null, line: /^slabinfo - version: |^# name +<active_objs>/ },
  { kind: 'slabtop', text: 'output of slabtop', readable: true, hint: null, line: /^ *OBJS +ACTIVE +USE +OBJ SIZE/ },
  { kind: 'oom-report', text: 'kernel log with an OOM report', readable: true, hint: null, line: /Unreclaimable slab info:/ },
  { kind: 'meminfo', text: '/proc/meminfo', readable: true, hint: null, line: /^MemTotal: +\d+ kB/ },
  { kind: 'free', text: 'output of free', readable: true, hint: null, line: /^ +total +used +free +shared/ },
  { kind: 'kmemleak', text: "kmemleak's report", readable: false, hint: 'slablab finds unreachable objects in a vmcore by itself', line: /^unreferenced object 0x[0-9a-f]+ \(size \d+\):/ },
  { kind: 'allocinfo', text: '/proc/allocinfo', readable: false, hint: 'it names who allocated what by itself: sort it by its first column', line: /^allocinfo - version: / },
  { kind: 'kernel-log', text: 'kernel log', readable: false, hint: 'slablab reads its OOM reports, and of a crash session the log beside it; this one holds none', line: /^(?:<\d+>)?\[ *\d+\.\d{6}\] / },
  { kind: 'vmcoreinfo', text: 'VMCOREINFO', readable: false, hint: 'slablab finds it in the vmcore itself', line: /^(?:OSRELEASE|PAGESIZE|SYMBOL\(\w+\))=/ },
  { kind: 'crash-commands', text: 'input for crash', readable: false, hint: 'give it to crash with -i, and its output to slablab', line: /^(?:kmem -[sS]|rd [-0-9a-f]|sym |struct \w+ ffff)/ }
]

const notebook = /^\s*\{[\s\S]*"(?:cells|nbformat)"\s*:/
/** Lines looked at: the heading of a slabinfo may stand behind a report's preface. */
const probedLines = 400

/**
 * Tells what a text is from its beginning ({@link KIND_BYTES} of it): undefined where it is none that slablab knows.
 *
 * @example textKind(Buffer.from('crash> kmem -s\n'))?.kind // 'crash-session'
 */
export function textKind(head: Uint8Array): FileKind | undefined {
  const bytes = plainBytes(head)
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('utf8')
  if (notebook.test(text)) return { kind: 'notebook', text: 'Jupyter notebook', readable: true, hint: 'slablab run FILE executes it' }
  // A session may show anything, slabinfo too; only a session shows crash's own rows.
  if (showsCrash(bytes)) return { kind: 'crash-session', text: 'output of crash', readable: true, hint: null }
  for (const line of text.split('\n', probedLines)) {
    const mark = marks.find((candidate) => candidate.line.test(line))
    if (mark !== undefined) return { kind: mark.kind, text: mark.text, readable: mark.readable, hint: mark.hint }
  }
  return symbolKind(text)
}

function showsCrash(bytes: Uint8Array): boolean {
  const reader = new CrashReader()
  reader.begin('')
  reader.push(bytes)
  return reader.knownLines > 0
}

function symbolKind(text: string): FileKind | undefined {
  // The last line of the piece may be cut, and a whole file of one line has no line end.
  const lines = text.slice(0, text.lastIndexOf('\n') + 1 || undefined)
  try {
    const { kind, hidden } = readSymbolText('', lines)
    if (hidden !== null) {
      return {
        kind: 'kallsyms', text: `symbols whose addresses are ${hidden === 'zero' ? 'all zero' : 'hashed'}`, readable: false,
        hint: hidden === 'zero' ? 'kptr_restrict hides them: copy /proc/kallsyms as root' : 'addresses printed by %p mean nothing: copy /proc/kallsyms as root'
      }
    }
    // Only behind the kernel's own symbols does kallsyms tell itself from a System.map, by its modules.
    return kind === 'kallsyms' ? { kind, text: '/proc/kallsyms', readable: true, hint: null }
      : { kind: 'symbol-list', text: 'list of symbols: System.map, /proc/kallsyms or the output of nm', readable: true, hint: null }
  } catch {
    return undefined
  }
}
