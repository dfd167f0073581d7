import { FaultError } from '../../errors.js'
import type { KernelView } from '../../slab/kernelView.js'
import type { BtfTypes } from '../../type/btfTypes.js'
import { perCpuVariables } from '../../type/perCpuVariables.js'
import type { HeldStatics } from './heldStatics.js'

/** A value of known type that is in no slab. */
export interface TypedRoot {
  readonly name: string
  /** BTF id. */
  readonly type: number
  readonly address: bigint
  readonly bytes: number
}

/** The variables whose types BTF has: each CPU's own ones. */
export function perCpuRoots(kernel: KernelView, types: BtfTypes): TypedRoot[] {
  const found: TypedRoot[] = []
  for (const [name, { type, bytes }] of perCpuVariables(types.graph)) {
    const address = kernel.symbol(name)
    if (address === undefined) continue
    for (const cpu of kernel.cpus) {
      const own = addressOn(kernel, address, cpu)
      if (own !== undefined) found.push({ name, type, address: own, bytes })
    }
  }
  return found
}

/** The `struct module` of each module, which is a variable of the module itself. */
export function addModules({ symbols }: KernelView, types: BtfTypes, statics: HeldStatics): void {
  const struct = types.find('struct module')
  if (struct === undefined) return
  symbols.all().forEach((symbol, position) => {
    // Names are made when they are asked for.
    if (symbol.module !== null && symbol.name === '__this_module') statics.add(position, { address: symbol.address, name: `${symbol.module} module`, struct })
  })
}

function addressOn(kernel: KernelView, address: bigint, cpu: number): bigint | undefined {
  try {
    return kernel.perCpu(address, cpu)
  } catch (error) {
    if (error instanceof FaultError) return undefined
    throw error
  }
}
