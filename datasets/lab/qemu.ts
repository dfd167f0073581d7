import { spawn } from 'node:child_process'
import { createWriteStream, rmSync } from 'node:fs'
import { connect, type Socket } from 'node:net'
import path from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import type { Accelerator, Architecture } from './accelerator.js'

export interface Machine {
  readonly architecture: Architecture
  readonly image: string
  readonly initramfs: string
  readonly memory: number
  readonly boot: string
  /** A file that the guest sees as its disk. */
  readonly disk: string
  /** Where sockets and logs go. */
  readonly folder: string
}

export interface Guest {
  /** Waits until the console says a text. @throws Error where the guest ends, fails, or takes longer */
  saw(text: string, seconds: number): Promise<void>
  /** Types a line at the console. */
  type(line: string): void
  /** A command of QEMU's machine protocol (docs/interop/qmp-spec). */
  ask(command: string, args?: Readonly<Record<string, unknown>>): Promise<unknown>
  kill(): void
}

// A processor that both accelerators have, where there is one: -cpu max and host have features that differ from version to version.
const haswell = ['-cpu', 'Haswell-v1']
const machines = {
  x86_64: { program: 'qemu-system-x86_64', kvm: haswell, tcg: haswell, console: 'ttyS0' },
  arm64: { program: 'qemu-system-aarch64', kvm: ['-M', 'virt,gic-version=host', '-cpu', 'host'], tcg: ['-M', 'virt', '-cpu', 'cortex-a57'], console: 'ttyAMA0' }
} as const
const accelerations = { kvm: 'kvm', tcg: 'tcg,thread=multi' } as const

/** The last words of a kernel that crashed, which are a failure where nobody waits for them. */
export const panicked = 'end Kernel panic'

/** Starts QEMU, and connects to the guest's console and to its monitor. @throws Error where QEMU ends instead */
export async function startGuest(machine: Machine, accelerator: Accelerator): Promise<Guest> {
  const { program, console, [accelerator]: args } = machines[machine.architecture]
  const at = (name: string): string => path.join(machine.folder, name)
  for (const socket of ['qmp.sock', 'serial.sock']) rmSync(at(socket), { force: true })
  const child = spawn(program, [
    ...args, '-accel', accelerations[accelerator], '-smp', '2', '-m', String(machine.memory), '-nographic', '-nodefaults', '-no-reboot',
    '-kernel', machine.image, '-initrd', machine.initramfs, '-append', `console=${console} panic=0 ${machine.boot}`.trim(),
    '-chardev', `socket,id=serial,path=${at('serial.sock')},server=on,wait=off`, '-serial', 'chardev:serial',
    '-qmp', `unix:${at('qmp.sock')},server=on,wait=off`, '-device', 'vmcoreinfo',
    '-drive', `file=${machine.disk},format=raw,if=none,id=disk`, '-device', 'virtio-blk-pci,drive=disk'
  ], { stdio: ['ignore', 'ignore', 'pipe'] })
  let ended: string | null = null
  let errors = ''
  child.stderr.on('data', (text: Buffer) => { errors += text.toString() })
  child.on('error', (error) => { ended = error.message })
  child.on('exit', (code) => { ended ??= `QEMU ended with ${code}: ${errors.trim()}` })
  const kill = (): void => { child.kill('SIGKILL') }
  try {
    const serial = await connected(at('serial.sock'), () => ended)
    const log = createWriteStream(at('console.log'))
    let seen = ''
    serial.on('data', (bytes: Buffer) => {
      log.write(bytes)
      seen += bytes.toString('latin1')
    })
    const ask = monitor(await connected(at('qmp.sock'), () => ended))
    await ask('qmp_capabilities')
    return {
      ask, kill,
      type: (line) => { serial.write(`${line}\n`) },
      saw: async (text, seconds) => {
        const failure = text === panicked ? /LAB: failed: [^\r\n]*/ : /LAB: failed: [^\r\n]*|Kernel panic[^\r\n]*/
        for (const end = Date.now() + seconds * 1000; ;) {
          const failed = failure.exec(seen)
          if (seen.includes(text)) return
          if (failed !== null) throw new Error(`the guest says: ${failed[0]} (all of it is in ${at('console.log')})`)
          if (ended !== null) throw new Error(ended)
          if (Date.now() > end) throw new Error(`the guest (under ${accelerator}) did not say "${text.trim()}" within ${seconds} s; the last of ${at('console.log')}:\n${seen.slice(-500)}`)
          await pause(100)
        }
      }
    }
  } catch (error) {
    kill()
    throw error
  }
}

async function connected(socket: string, ended: () => string | null): Promise<Socket> {
  for (let tries = 0; ; tries++) {
    const failed = ended()
    if (failed !== null) throw new Error(failed)
    try {
      return await new Promise((resolve, reject) => {
        const connection = connect(socket, () => { resolve(connection) })
        connection.on('error', reject)
      })
    } catch (error) {
      if (tries > 100) throw error
      await pause(100)
    }
  }
}

function monitor(socket: Socket): Guest['ask'] {
  let rest = ''
  const waiting: { resolve: (value: unknown) => void, reject: (error: Error) => void }[] = []
  socket.on('data', (bytes: Buffer) => {
    const lines = (rest + bytes.toString()).split('\n')
    rest = lines.pop() ?? ''
    for (const line of lines.filter((text) => text.trim() !== '')) {
      const reply = JSON.parse(line) as { return?: unknown, error?: { desc: string } }
      if (reply.error !== undefined) waiting.shift()?.reject(new Error(`QEMU: ${reply.error.desc}`))
      else if ('return' in reply) waiting.shift()?.resolve(reply.return)
    }
  })
  socket.on('close', () => {
    for (const { reject } of waiting.splice(0)) reject(new Error('QEMU closed its monitor'))
  })
  return async (command, args) => new Promise((resolve, reject) => {
    waiting.push({ resolve, reject })
    socket.write(`${JSON.stringify({ execute: command, ...(args === undefined ? {} : { arguments: args }) })}\n`)
  })
}
