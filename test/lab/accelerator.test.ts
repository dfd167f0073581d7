import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { accelerators } from '../../datasets/lab/accelerator.js'

const folder = mkdtempSync(path.join(tmpdir(), 'accelerator-'))
const device = path.join(folder, 'kvm')
writeFileSync(device, '')
afterAll(() => { rmSync(folder, { recursive: true }) })

describe('the accelerators that run a guest', () => {
  it('are KVM, and emulation should KVM not run it, where the device opens and the architecture is the host\'s', () => {
    expect(accelerators('auto', 'x86_64', device, 'x86_64')).toEqual(['kvm', 'tcg'])
    expect(accelerators('auto', 'arm64', device, 'arm64')).toEqual(['kvm', 'tcg'])
  })

  it('are emulation alone for a guest of another architecture, and without a device', () => {
    expect(accelerators('auto', 'arm64', device, 'x86_64')).toEqual(['tcg'])
    expect(accelerators('auto', 'x86_64', device, null)).toEqual(['tcg'])
    expect(accelerators('auto', 'x86_64', path.join(folder, 'none'), 'x86_64')).toEqual(['tcg'])
  })

  it('are what was asked for', () => {
    expect(accelerators('tcg', 'x86_64', device, 'x86_64')).toEqual(['tcg'])
    expect(accelerators('kvm', 'x86_64', device, 'x86_64')).toEqual(['kvm'])
    expect(() => accelerators('kvm', 'arm64', device, 'x86_64')).toThrow('expected KVM for --accel kvm: this machine is x86_64, the guest arm64')
    expect(() => accelerators('kvm', 'x86_64', path.join(folder, 'none'), 'x86_64')).toThrow(/^expected KVM for --accel kvm: ENOENT: .*none/)
  })
})
