import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest'
import { boot, type Limits } from '../../datasets/lab/boot.js'
import type { Machine } from '../../datasets/lab/qemu.js'

/** What each accelerator of a QEMU that is none lets a guest say, before it is silent. */
type Words = Readonly<Record<'kvm' | 'tcg', string>>

const folder = mkdtempSync(path.join(tmpdir(), 'boot-'))
const machine: Machine = { architecture: 'x86_64', image: 'image', initramfs: 'initramfs', memory: 96, boot: '', disk: 'disk', folder }
const up = 'Linux version 6.1\r\nLAB: started\r\n'
/** KVM's program is given up at once, all else is waited for. */
const limits: Limits = { kvm: { kernel: 60, init: 0.1 }, tcg: { kernel: 60, init: 60 } }
const searched = process.env.PATH

function fakeQemu({ kvm, tcg }: Words): void {
  const program = path.join(folder, 'qemu-system-x86_64')
  writeFileSync(program, `#!${process.execPath}
const { createServer } = require('node:net')
const words = process.argv.join(' ')
const socket = (name) => new RegExp('[^ ,=:]*' + name).exec(words)[0]
createServer((serial) => { serial.write(words.includes('-accel kvm') ? ${JSON.stringify(kvm)} : ${JSON.stringify(tcg)}) }).listen(socket('serial.sock'))
createServer((monitor) => { monitor.on('data', () => { monitor.write('{"return": {}}\\n') }) }).listen(socket('qmp.sock'))
`)
  chmodSync(program, 0o755)
}

beforeAll(() => { process.env.PATH = `${folder}${path.delimiter}${searched}` })
afterEach(() => { vi.restoreAllMocks() })
afterAll(() => {
  process.env.PATH = searched
  rmSync(folder, { recursive: true })
})

describe('booting a guest', () => {
  it('takes KVM where the guest\'s own program speaks', async () => {
    fakeQemu({ kvm: up, tcg: '' })
    const guest = await boot(machine, ['kvm', 'tcg'], { ...limits, kvm: limits.tcg })
    await guest.saw('LAB: started', 60)
    guest.kill()
  })

  it('emulates where KVM runs a kernel that hangs before its program speaks', async () => {
    const told = vi.spyOn(process.stderr, 'write').mockReturnValue(true)
    fakeQemu({ kvm: 'Linux version 6.1\r\n', tcg: up })
    const guest = await boot(machine, ['kvm', 'tcg'], limits)
    guest.kill()
    expect(told.mock.calls).toEqual([['lab: kvm does not run this guest (the guest (under kvm) did not say "LAB: started" within 0.1 s): tcg does\n']])
  })

  it('emulates where the kernel crashes under KVM', async () => {
    const told = vi.spyOn(process.stderr, 'write').mockReturnValue(true)
    fakeQemu({ kvm: 'Linux version 6.1\r\nKernel panic - not syncing: Fatal exception\r\n', tcg: up })
    const guest = await boot(machine, ['kvm', 'tcg'], limits)
    guest.kill()
    expect(told.mock.calls.join('')).toContain('kvm does not run this guest (the guest says: Kernel panic - not syncing: Fatal exception')
  })

  it('fails where KVM was asked for and does not run it', async () => {
    fakeQemu({ kvm: 'Linux version 6.1\r\n', tcg: up })
    await expect(boot(machine, ['kvm'], limits)).rejects.toThrow(/^kvm does not run this guest: the guest \(under kvm\) did not say "LAB: started" within 0.1 s; the last of .*console.log:\nLinux version 6.1/)
  })
})
