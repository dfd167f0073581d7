import type { KernelView } from './kernelView.js'

/** Set in every address of the kernel's half, signed or not. */
const KERNEL_HALF = 1n << 55n

/**
 * A return address as it was before it was signed: with pointer authentication, functions of an arm64 kernel sign what they save of it on
 * the stack (CONFIG_ARM64_PTR_AUTH_KERNEL, Linux since 5.8), in the bits that `NUMBER(KERNELPACMASK)` of VMCOREINFO names. Addresses that are not
 * signed stay as they are, as all do of evidence without a kernel.
 *
 * @example returnAddress(kernel, 0x43afda58658dc400n) // 0xffffda58658dc400n, where the mask is 0xfff0000000000000
 */
export function returnAddress(kernel: Pick<KernelView, 'vmcoreinfo'> | undefined, word: bigint): bigint {
  return (word & KERNEL_HALF) === 0n ? word : word | BigInt.asUintN(64, kernel?.vmcoreinfo.number('KERNELPACMASK') ?? 0n)
}
