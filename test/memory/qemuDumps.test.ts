import { execFileSync, spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { connect, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { createInterface } from 'node:readline'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { openPhysical } from '../../lib/memory/openPhysical.js'
import { Warnings } from '../../lib/warnings.js'

/*
 * Dumps that QEMU writes of a machine which runs nothing but its firmware, compared with the memory that it saves raw. They come flattened,
 * with the program headers behind sections, and for arm64 in blocks of 64 KiB under a machine called Unknown.
 */

function has(command: string): boolean {
  try {
    execFileSync(command, ['--version'], { stdio: 'ignore' })
    return true
  } catch {
    return false
  }
}

const ramBytes = 32 << 20

/** QEMU's monitor: a line of JSON each way. */
class Monitor {
  readonly #replies: ((reply: { error?: { desc: string } }) => void)[] = []
  constructor(readonly socket: Socket) {
    createInterface(socket).on('line', (line) => {
      const reply = JSON.parse(line) as { return?: unknown; error?: { desc: string } }
      if ('return' in reply || 'error' in reply) this.#replies.shift()?.(reply)
    })
  }

  /** False where QEMU can't do it. */
  async run(execute: string, args: object = {}): Promise<boolean> {
    const reply = new Promise<{ error?: { desc: string } }>((resolve) => this.#replies.push(resolve))
    this.socket.write(`${JSON.stringify({ execute, arguments: args })}\n`)
    return (await reply).error === undefined
  }
}

async function connected(socketPath: string): Promise<Socket> {
  for (let tries = 0; ; tries++) {
    try {
      const socket = connect(socketPath)
      await once(socket, 'connect')
      return socket
    } catch (error) {
      if (tries === 200) throw error
      await sleep(50)
    }
  }
}

describe.each([
  { name: 'x86_64', options: ['-M', 'pc'], base: 0 },
  { name: 'aarch64', options: ['-M', 'virt', '-cpu', 'cortex-a57'], base: 0x40000000 }
])('$name', ({ name, options, base }) => {
  const command = `qemu-system-${name}`
  describe.skipIf(!has(command))(`dumps by ${command} (left out where it is not installed)`, () => {
    let folder: string
    let qemu: ChildProcess
    let raw: Buffer
    const at = (file: string): string => path.join(folder, file)

    beforeAll(async () => {
      folder = mkdtempSync(path.join(tmpdir(), 'slablab-qemu-'))
      qemu = spawn(command, [
        ...options, '-m', '32', '-smp', '2', '-accel', 'tcg', '-nodefaults', '-display', 'none', '-qmp', `unix:${at('qmp')},server=on,wait=off`
      ], { stdio: 'ignore' })
      const monitor = new Monitor(await connected(at('qmp')))
      await monitor.run('qmp_capabilities')
      await sleep(500)
      await monitor.run('stop')
      for (const format of ['elf', 'kdump-zlib', 'kdump-lzo', 'kdump-snappy']) {
        await monitor.run('dump-guest-memory', { paging: false, protocol: `file:${at(format)}`, ...(format === 'elf' ? {} : { format }) })
      }
      await monitor.run('pmemsave', { val: base, size: ramBytes, filename: at('raw') })
      await monitor.run('quit')
      monitor.socket.destroy()
      raw = readFileSync(at('raw'))
    })
    afterAll(() => {
      qemu.kill()
      rmSync(folder, { recursive: true, force: true })
    })

    test.for(['elf', 'kdump-zlib', 'kdump-lzo', 'kdump-snappy'])('%s', async (format, { skip }) => {
      skip(format !== 'elf' && format !== 'kdump-zlib' && !existsSync(at(format)), `this QEMU was built without ${format}`)
      const warnings = new Warnings()
      const dump = await openPhysical(at(format), { warnings, searchVmcoreinfo: false })
      expect(warnings.list()).toEqual([])
      expect(dump).toMatchObject({ format: format === 'elf' ? 'elf' : 'kdump-compressed', flattened: format !== 'elf' })
      if (name === 'aarch64') expect(dump.machine).toBe('aarch64')
      expect(dump.cpus.length + dump.qemuCpus.length).toBe(2)
      let same = 0
      for (let offset = 0; offset < ramBytes; offset += 4096) {
        const page = dump.physical.page((base + offset) / 4096)
        if (typeof page !== 'string' && Buffer.compare(page, raw.subarray(offset, offset + 4096)) === 0) same++
      }
      expect(same).toBe(ramBytes / 4096)
      dump.close()
    })
  })
})
