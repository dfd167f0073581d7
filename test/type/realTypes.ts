import { openKernel } from '../../lib/system/openKernel.js'
import type { BtfTypes } from '../../lib/type/btfTypes.js'
import { evidence } from '../evidence.js'

/** The dumps of the evidence, and the sha256 of what `bpftool btf dump … format raw` (7.1) prints of their kernels' BTF. */
export const realDumps = [
  { name: 'x86_64-slub', types: 95068, rawDump: 'a69301aa3a5b01286fc72d3da59c7ecba16d632a0301a4ea0787d74632011007' },
  { name: 'x86_64-slub-6.12', types: 108407, rawDump: '2dfd7ce51fb27cac410639a021410d629fda42bafcd3f963f24b020953752c4d' },
  { name: 'arm64-slab', types: 39238, rawDump: 'e4517afecc8289c1ed004b86b452f35f7c7b83b70dd3422d439b402c92895aa0' }
] as const

/** The types in one of the dumps, its modules' included. */
export async function realTypes(name: string): Promise<BtfTypes> {
  const { kernel } = await openKernel(evidence(name, 'vmcore'))
  const types = kernel.types.btf
  if (types === undefined) throw new Error(`${name} has no BTF`)
  return types
}
