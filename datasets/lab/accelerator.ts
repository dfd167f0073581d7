import { accessSync, constants } from 'node:fs'

export type Accelerator = 'kvm' | 'tcg'
export type Architecture = 'x86_64' | 'arm64'

/** This machine's architecture, as the laboratory calls it. */
export const hostArchitecture: Architecture | null = ({ x64: 'x86_64', arm64: 'arm64' } as const)[process.arch as 'x64' | 'arm64'] ?? null

/**
 * What runs a guest, the better one first: KVM where the guest's architecture is this machine's and its device can be opened, emulation in any case.
 * @throws Error where KVM is asked for and cannot be had
 */
export function accelerators(asked: 'auto' | Accelerator, guest: Architecture, device = '/dev/kvm', host = hostArchitecture): readonly Accelerator[] {
  if (asked === 'tcg') return ['tcg']
  const lacking = guest === host ? notOpened(device) : `this machine is ${host ?? process.arch}, the guest ${guest}`
  if (asked === 'kvm' && lacking !== null) throw new Error(`expected KVM for --accel kvm: ${lacking}`)
  if (asked === 'kvm') return ['kvm']
  return lacking === null ? ['kvm', 'tcg'] : ['tcg']
}

function notOpened(device: string): string | null {
  try {
    accessSync(device, constants.R_OK | constants.W_OK)
    return null
  } catch (error) {
    return (error as Error).message
  }
}
