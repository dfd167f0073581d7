import { closeSync, openSync, readFileSync, readSync } from 'node:fs'
import path from 'node:path'
import type { Magic } from './magic.js'

export const load: Magic = {
  name: 'load',
  usage: 'FILE…',
  summary: 'open evidence as `dump` or `snapshots`; run a .ts or .js file as part of the cell',
  example: '%load vmcore',
  code: (args, folder = process.cwd()) => loadingCode(filesOf(args), folder),
  async run(args, context) {
    const code = loadingCode(filesOf(args), context.folder)
    if (code === null) throw new Error('%load wants a file: %load vmcore')
    return context.evaluate(code)
  }
}

/** Words, or what stands in quotes. */
function filesOf(args: string): string[] {
  return [...args.matchAll(/"([^"]*)"|'([^']*)'|(\S+)/g)].map(([, double, single, word]) => double ?? single ?? word)
}

function loadingCode(files: readonly string[], folder: string): string | null {
  if (files.length === 0) return null
  if (files.length === 1 && /\.[cm]?[jt]s$/.test(files[0])) return readFileSync(path.resolve(folder, files[0]), 'utf8')
  const given = files.length === 1 ? quoted(files[0]) : `[${files.map(quoted).join(', ')}]`
  return files.every((file) => isSnapshot(path.resolve(folder, file)))
    ? `const snapshots = await loadSlabinfo(${given})\nsnapshots`
    : `const dump = await openDump(${given})\ndump.caches()`
}

function quoted(text: string): string {
  return `'${text.replace(/[\\']/g, '\\$&')}'`
}

/** A file that begins as /proc/slabinfo does; wildcards and packed series are of snapshots as well. */
function isSnapshot(file: string): boolean {
  if (/[*?]/.test(file) || /slabinfo|\.tar(\.\w+)?$|\.tgz$/.test(path.basename(file))) return true
  const start = Buffer.alloc(4096)
  try {
    const descriptor = openSync(file, 'r')
    try {
      readSync(descriptor, start, 0, start.length, 0)
    } finally {
      closeSync(descriptor)
    }
  } catch {
    return false // The library says what is wrong with it.
  }
  return /^slabinfo - version|^# name +<active_objs>/m.test(start.toString('latin1'))
}
