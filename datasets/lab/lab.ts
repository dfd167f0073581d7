import { copyFileSync, existsSync, mkdirSync, readFileSync, rmSync, statSync, truncateSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { gzipSync } from 'node:zlib'
import { accelerators } from './accelerator.js'
import { boot } from './boot.js'
import { command, say } from './command.js'
import { debianKernel } from './debian.js'
import { guestFile, initramfs } from './initramfs.js'
import type { Kernel } from './kernel.js'
import { makedumpfile } from './makedumpfile.js'
import { help, parseOptions, type LabOptions } from './options.js'
import { plantedModules } from './plantedModules.js'
import { moveProgramHeaders } from './programHeaders.js'
import { panicked, type Guest } from './qemu.js'
import { smallKernel } from './smallKernel.js'

/** Truths that the module has room for beyond those asked for: pairs count double. */
const truthsBesides = 1000
const diskBytes = 256 << 20
/** Within which a guest does what takes it a few seconds, where the host is busy. */
const shortly = 180
const compressions = { zlib: '-c', zstd: '-z', lzo: '-l', snappy: '-p' } as const

/** What /plan tells the guest. */
function plan({ plant, steps, quiet, interval, phases, liveEvery, decoys }: LabOptions): string {
  const total = Object.values(plant).reduce((sum, count) => sum + count, 0)
  const lines = {
    KINDS: Object.entries(plant).map(([kind, count]) => `${kind}=${count}`).join(' '), MOST: 2 * total + truthsBesides, LIVE_EVERY: liveEvery,
    PHASES: phases, STEPS: steps, QUIET: quiet, INTERVAL: interval, BUSTLE: 20, DECOYS: decoys ? 1 : ''
  }
  return Object.entries(lines).map(([name, value]) => `${name}='${value}'\n`).join('')
}

function guestImage(options: LabOptions, kernel: Kernel, work: string): string {
  const planted = Object.keys(options.plant).length > 0 ? plantedModules(kernel, work).map((module) => guestFile(`lib/${path.basename(module)}`, module)) : []
  const file = path.join(work, 'initramfs.gz')
  writeFileSync(file, initramfs([
    guestFile('init', new URL('guest/init', import.meta.url).pathname, 0o755), { path: 'plan', content: plan(options) },
    guestFile('bin/busybox', kernel.busybox, 0o755), guestFile('bin/sh', kernel.busybox, 0o755), ...planted,
    { path: 'modules', content: kernel.modules.map((module) => `${path.basename(module)}\n`).join('') },
    ...kernel.modules.map((module) => guestFile(`lib/${path.basename(module)}`, module))
  ]))
  return file
}

/** Waits through a phase, a step at a time: a guest that hangs is found out long before a slow one would be done. */
async function planted(guest: Guest, phase: number, { plant, phases, steps, quiet, interval }: LabOptions): Promise<void> {
  const total = Object.values(plant).reduce((sum, count) => sum + count, 0)
  const stepSeconds = shortly + 10 * (1 + quiet) * (1 + interval) + total / (phases * steps) / 100
  for (let step = (phase - 1) * steps + 1; step <= phase * steps; step++) await guest.saw(`LAB: step ${step}\r`, stepSeconds)
  await guest.saw(`LAB: ready ${phase}\r`, stepSeconds)
}

/** Debian's makedumpfile knows fewer compressions than there are, and without a word stores pages as they are. */
function checkCompression({ compression }: LabOptions, version: string): void {
  if (compression !== 'zlib' && !new RegExp(`${compression}\\s+enabled`).test(version)) throw new Error(`makedumpfile was built without ${compression}: expected --compress zlib`)
}

/** Takes the memory of the halted guest, and leaves out what dump tools leave out. */
async function takeDump(guest: Guest, filter: (...args: string[]) => string, options: LabOptions, work: string, target: string): Promise<void> {
  const raw = path.resolve(work, 'raw.elf')
  for (const file of [raw, target]) rmSync(file, { force: true })
  await guest.ask('stop')
  await guest.ask('dump-guest-memory', { paging: false, protocol: `file:${raw}` })
  moveProgramHeaders(raw)
  filter(compressions[options.compression], '-d', String(options.level), raw, target)
  rmSync(raw)
}

/** What the guest wrote to its disk: the truth, the snapshots, and some of /proc. */
function recorded(disk: string, work: string): (name: string) => Buffer | null {
  const folder = path.join(work, 'recorded')
  rmSync(folder, { recursive: true, force: true })
  mkdirSync(folder)
  command('tar', ['-C', folder, '-xf', disk])
  return (name) => existsSync(path.join(folder, name)) ? readFileSync(path.join(folder, name)) : null
}

async function run(options: LabOptions): Promise<void> {
  const runners = accelerators(options.accelerator, options.architecture)
  const cache = path.resolve(options.cache)
  mkdirSync(cache, { recursive: true })
  mkdirSync(options.out, { recursive: true })
  const work = path.join(cache, `run-${process.pid}`)
  mkdirSync(work, { recursive: true })
  const kernel = options.kernel === 'debian' ? debianKernel(cache) : smallKernel(options, cache)
  const disk = path.join(work, 'disk')
  writeFileSync(disk, '')
  truncateSync(disk, diskBytes)
  const image = guestImage(options, kernel, work)
  const filter = makedumpfile(kernel.architecture, cache)
  checkCompression(options, filter('-v'))
  say(`booting ${kernel.release} (${kernel.architecture}, ${options.memory} MB, ${runners[0]})`)
  const guest = await boot({ architecture: kernel.architecture, image: kernel.image, initramfs: image, memory: options.memory, boot: options.boot, disk, folder: work }, runners)
  try {
    for (let phase = 1; phase <= options.phases; phase++) {
      const name = (base: string, end = ''): string => path.join(options.out, options.phases === 1 ? `${base}${end}` : `${base}-${phase}${end}`)
      await planted(guest, phase, options)
      const last = phase === options.phases
      if (last && options.panic) {
        guest.type('panic')
        await guest.saw(panicked, shortly)
      }
      await takeDump(guest, filter, options, work, name('vmcore'))
      const read = recorded(disk, work)
      // The series goes on through all phases: there is one of it.
      const packed = { 'planted.txt': name('planted', '.txt.gz'), 'slabinfo-series.txt': path.join(options.out, 'slabinfo-series.txt.gz'), 'kallsyms': name('kallsyms', '.gz') }
      for (const [file, target] of Object.entries(packed)) {
        const content = read(file)
        if (content !== null) writeFileSync(target, gzipSync(content, { level: 9 }))
      }
      for (const file of ['meminfo', 'modules', 'slabinfo']) {
        const content = read(file)
        if (content !== null) writeFileSync(name(file), content)
      }
      say(`${name('vmcore')}: ${(statSync(name('vmcore')).size / 1e6).toFixed(1)} MB`)
      if (!last) {
        await guest.ask('cont')
        guest.type('go on')
      }
    }
    await guest.ask('quit').catch(() => undefined)
    copyFileSync(path.join(work, 'console.log'), path.join(options.out, 'console.log'))
  } finally {
    guest.kill()
  }
  rmSync(work, { recursive: true })
}

try {
  const options = parseOptions(process.argv.slice(2))
  if (options === null) process.stdout.write(help)
  else await run(options)
} catch (error) {
  say((error as Error).message)
  process.exitCode = 1
}
