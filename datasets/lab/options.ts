import { parseArgs } from 'node:util'
import type { Accelerator, Architecture } from './accelerator.js'

/** What the module can plant, with what becomes of it; `module/planted.c` has each. */
export const kinds: Readonly<Record<string, string>> = {
  seq_operations: 'files opened with single_open() and released with seq_release(): a seq_operations each is lost',
  held: 'the same file, open and in use: at most 64, and no leak',
  request: 'structs that hold data and no function, dropped; some stay in a queue',
  job: 'structs with a work_struct, dropped; some stay on a list',
  pair: 'pairs of structs that point at each other and that nobody points at',
  entry: 'entries of a list that only grows: reachable, and never used again',
  name: 'duplicated strings that nobody frees',
  record: 'objects of a cache of the module\'s own',
  cred: 'credentials taken with prepare_creds() and never put',
  file: 'open files that nobody closes',
  departed: 'structs with a work and a callback of a second module, which is unloaded before the dump and leaves them'
}

export interface LabOptions {
  /** How many of each kind. */
  readonly plant: Readonly<Record<string, number>>
  readonly out: string
  readonly kernel: 'debian' | 'small'
  readonly architecture: Architecture
  readonly allocator: 'slub' | 'slab'
  readonly accelerator: 'auto' | Accelerator
  /** Megabytes of the guest. */
  readonly memory: number
  readonly liveEvery: number
  /** Dumps that are taken, one after each phase. */
  readonly phases: number
  /** Steps of planting in each phase, a snapshot after each. */
  readonly steps: number
  /** Snapshots before and after the planting of a phase. */
  readonly quiet: number
  /** Seconds between snapshots. */
  readonly interval: number
  readonly panic: boolean
  /** Whether the planted addresses also lie where no word is a reference: in a file, and in the memory of a process. */
  readonly decoys: boolean
  readonly level: number
  readonly compression: 'zlib' | 'zstd' | 'lzo' | 'snappy'
  /** Further words for the kernel's command line, as `slub_debug=U`. */
  readonly boot: string
  /** Where kernels and builds are kept from run to run. */
  readonly cache: string
}

export const help = `The leak laboratory: boots a small guest in QEMU, leaks on purpose, and leaves dumps with the truth.

  npm run lab -- --plant KIND=COUNT… --out FOLDER [--options]

What can be planted:
${Object.entries(kinds).map(([kind, text]) => `  ${kind.padEnd(15)} ${text}`).join('\n')}

Options:
  --plant KIND=COUNT   what to plant; may be given again for further kinds. None: a healthy machine
  --out FOLDER         where the dumps, the truth and the snapshots go
  --kernel debian|small  Debian's stock cloud kernel (default), or a small one built from Debian's source
  --arch x86_64|arm64  arm64 is always a small kernel, cross-built
  --allocator slub|slab  slab is always a small kernel
  --memory MB          of the guest (default 192)
  --accel auto|kvm|tcg  KVM or emulation; auto takes KVM where it runs the guest (default)
  --live-every N       of so many requests and jobs one stays in use (default 10; 0: none)
  --phases N           take N dumps, one after each N-th of the planting (default 1)
  --steps N --quiet N --interval SECONDS   snapshots: one after each of N steps (20) of a phase, and some (5) before and after
  --panic              end with a crash instead of a live dump
  --level N            makedumpfile's dump level (default 31)
  --decoys             writes the planted addresses into a file and a process's memory too, which a dump of level 0 or 1 holds
  --compress zlib|zstd|lzo|snappy (default zlib)
  --boot WORDS         further words for the kernel's command line, as slub_debug=U
  --cache FOLDER       where kernels and builds are kept (default .lab in the current folder)
`

/** @throws Error that says what is wrong */
export function parseOptions(argv: readonly string[]): LabOptions | null {
  const text = (value: string): { type: 'string', default: string } => ({ type: 'string', default: value })
  const { values } = parseArgs({
    args: [...argv],
    options: {
      'help': { type: 'boolean', short: 'h' }, 'plant': { type: 'string', multiple: true, default: [] }, 'out': { type: 'string' },
      'kernel': text('debian'), 'arch': text('x86_64'), 'allocator': text('slub'), 'memory': text('192'), 'accel': text('auto'), 'live-every': text('10'),
      'phases': text('1'), 'steps': text('20'), 'quiet': text('5'), 'interval': text('1'), 'panic': { type: 'boolean', default: false },
      'decoys': { type: 'boolean', default: false },
      'level': text('31'), 'compress': text('zlib'), 'boot': text(''), 'cache': text('.lab')
    }
  })
  if (values.help === true) return null
  if (values.out === undefined) throw new Error('expected --out FOLDER: where the dumps go; --help tells more')
  const architecture = oneOf('--arch', values.arch, ['x86_64', 'arm64'] as const)
  const allocator = oneOf('--allocator', values.allocator, ['slub', 'slab'] as const)
  const asked = oneOf('--kernel', values.kernel, ['debian', 'small'] as const)
  return {
    plant: Object.fromEntries(values.plant.map(planting)), out: values.out, architecture, allocator,
    kernel: architecture === 'arm64' || allocator === 'slab' ? 'small' : asked,
    accelerator: oneOf('--accel', values.accel, ['auto', 'kvm', 'tcg'] as const), memory: count('--memory', values.memory, 64), liveEvery: count('--live-every', values['live-every'], 0),
    phases: count('--phases', values.phases, 1), steps: count('--steps', values.steps, 1), quiet: count('--quiet', values.quiet, 0),
    interval: count('--interval', values.interval, 0), panic: values.panic, decoys: values.decoys, level: count('--level', values.level, 0),
    compression: oneOf('--compress', values.compress, ['zlib', 'zstd', 'lzo', 'snappy'] as const), boot: values.boot, cache: values.cache
  }
}

function planting(text: string): [string, number] {
  const [kind, objects = ''] = text.split('=')
  if (!Object.hasOwn(kinds, kind)) throw new Error(`expected --plant KIND=COUNT with one of ${Object.keys(kinds).join(', ')}, got ${text}`)
  return [kind, count(`--plant ${kind}`, objects, 1)]
}

function count(option: string, text: string, least: number): number {
  const value = Number(text)
  if (text.trim() === '' || !Number.isInteger(value) || value < least) throw new Error(`expected ${option} to be a whole number of at least ${least}, got ${text}`)
  return value
}

function oneOf<T extends string>(option: string, text: string, allowed: readonly T[]): T {
  const found = allowed.find((one) => one === text)
  if (found === undefined) throw new Error(`expected ${option} to be one of ${allowed.join(', ')}, got ${text}`)
  return found
}
