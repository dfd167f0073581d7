import { findReachable, formatBytes, formatCount, reachability as reachable, type Reachability } from '../../../lib/index.js'
import type { Command, Terminal } from '../command.js'
import { evidenceOptions, finishEvidence, openEvidence } from '../evidence.js'
import { writeTable } from '../output.js'
import { progressLine } from '../progress.js'

export const reachability: Command = {
  name: 'reachability',
  usage: 'FILE…',
  summary: 'allocated objects, and whether any chain of references leads to them',
  text: `Mark and sweep over the whole dump: an object that nothing leads to from the kernel's own memory is leaked. What was scanned, what
was left out and why, and what the dump lacks, is said on stderr.`,
  example: "slablab reachability vmcore --format csv | awk -F, '$3 == \"false\" { n[$2]++ } END { for (c in n) print n[c], c }' | sort -rn",
  options: evidenceOptions,
  async run(args, terminal) {
    const dump = await openEvidence(args.positionals, args, terminal, true)
    const progress = progressLine(terminal, 'looking for references', 'pages')
    try {
      const table = await reachable(dump, { onProgress: progress.onProgress, signal: terminal.signal })
      progress.done()
      writeTable(terminal, args, table)
      sayWhatWasScanned(terminal, await findReachable(dump))
    } finally {
      progress.done()
    }
    return finishEvidence(terminal, dump)
  }
}

function sayWhatWasScanned(terminal: Terminal, { bytes, doubts, objects, reached }: Reachability): void {
  const excluded = [...bytes.excluded].map(([reason, count]) => `${reason} ${formatBytes(count)}`).join(', ')
  terminal.err(`scanned ${formatBytes(bytes.roots)} of kernel memory and ${formatBytes(bytes.objects)} of objects; left out: ${excluded || 'nothing'}\n`)
  let unreachable = 0
  for (const state of reached) if (state === 0) unreachable++
  terminal.err(`${formatCount(unreachable)} of ${formatCount(objects.length)} objects in slabs are allocated and unreachable\n`)
  for (const doubt of doubts) terminal.err(`slablab: ${doubt}\n`)
}
