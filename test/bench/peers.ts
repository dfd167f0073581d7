import { execFileSync, spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, readdirSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import type { Program } from './processes.js'

/**
 * The kernel of a dump with its debugging information, which crash and drgn cannot do without: `SLABLAB_VMLINUX`, an installed one, or what
 * Debian has for exactly that release, unpacked (never installed) into a folder that stays. Null where there is none.
 */
export function vmlinuxOf(release: string): string | null {
  const given = process.env.SLABLAB_VMLINUX
  if (given !== undefined) return given
  const name = `vmlinux-${release}`
  const folder = path.join(tmpdir(), 'slablab-vmlinux')
  const unpacked = path.join(folder, 'usr/lib/debug/boot', name)
  for (const place of [`/usr/lib/debug/boot/${name}`, unpacked]) if (existsSync(place)) return place
  mkdirSync(folder, { recursive: true })
  if (spawnSync('apt-get', ['download', `linux-image-${release}-dbg`], { cwd: folder, stdio: 'ignore' }).status !== 0) return null
  const archive = readdirSync(folder).find((file) => file.startsWith(`linux-image-${release}-dbg`) && file.endsWith('.deb'))
  if (archive === undefined) return null
  execFileSync('sh', ['-c', 'dpkg-deb --fsys-tarfile "$1" | tar -x "./usr/lib/debug/boot/$2"', 'sh', archive, name], { cwd: folder })
  return existsSync(unpacked) ? unpacked : null
}

/** crash without its greeting, with some commands. */
export function crash(vmlinux: string, vmcore: string, commands: readonly string[], expected: RegExp): Program {
  return { command: 'crash', args: ['-s', vmlinux, vmcore], input: `${commands.join('\n')}\nquit\n`, expected }
}

const prelude = `
import sys, collections, drgn
from drgn.helpers.linux.slab import *
from drgn.helpers.linux.slab import slab_cache_for_each_allocated_object
prog = drgn.Program(); prog.set_core_dump(sys.argv[1])
try: prog.load_debug_info([sys.argv[2]])
except drgn.MissingDebugInfoError: pass
`

/** All allocated objects of one cache, grouped by their first 32 bytes. */
const groupOne = `${prelude}
cache = find_slab_cache(prog, sys.argv[3])
counts = collections.Counter(prog.read(o.value_(), 32) for o in slab_cache_for_each_allocated_object(cache, 'void'))
print(sum(counts.values()), 'objects', len(counts), 'groups')
`

/** All allocated objects of all caches. */
const listAll = `${prelude}
print(sum(1 for cache in for_each_slab_cache(prog) for _ in slab_cache_for_each_allocated_object(cache, 'void')), 'objects')
`

/** Every word of the dump's memory that points into one page, as a person would look for it. */
const search = `${prelude}
import struct
from drgn.helpers.linux.mm import for_each_page, page_to_virt
page = int(sys.argv[3], 16) >> 12
found = 0
for p in for_each_page(prog):
    try: data = prog.read(page_to_virt(p), 4096)
    except drgn.FaultError: continue
    found += sum(1 for w in struct.unpack('<512Q', data) if w >> 12 == page)
print(found, 'references')
`

export type DrgnTask = 'group' | 'list' | 'search'

const scripts: Readonly<Record<DrgnTask, string>> = { group: groupOne, list: listAll, search }

export function drgn(task: DrgnTask, vmlinux: string, vmcore: string, argument: string, expected: RegExp): Program {
  return { command: '/usr/bin/python3', args: ['-c', scripts[task], vmcore, vmlinux, argument], expected }
}

/** Whether Debian's drgn is there. */
export function hasDrgn(): boolean {
  return spawnSync('/usr/bin/python3', ['-c', 'import drgn'], { stdio: 'ignore' }).status === 0
}
