/** VMCOREINFO by its own keys: `vmcoreinfo.number('PG_slab')`; undefined where the kernel did not write it. */
export interface Vmcoreinfo {
  readonly text: string
  /** A plain `KEY=value` line: OSRELEASE, PAGESIZE, BUILD-ID, KERNELOFFSET. */
  value(key: string): string | undefined
  /** `NUMBER(name)=` as a signed 64-bit value, decimal or 0x. */
  number(name: string): bigint | undefined
  /** `SYMBOL(name)=` */
  symbol(name: string): bigint | undefined
  /** `OFFSET(struct.member)=`, bytes. */
  offset(name: string): number | undefined
  /** `SIZE(name)=`, bytes. */
  size(name: string): number | undefined
  /** `LENGTH(name)=`, elements. */
  length(name: string): number | undefined
}

/**
 * Reads the text that a kernel writes into its VMCOREINFO note, `KEY=value` a line (Linux kernel/vmcore_info.c, formerly crash_core.c).
 * Lines of another shape are passed over, a key that comes twice keeps its first value, a value that is no number is undefined.
 *
 * @example
 * const info = parseVmcoreinfo('OSRELEASE=6.1.0\nPAGESIZE=4096\nNUMBER(phys_base)=-434110464\n')
 * info.number('phys_base') // -434110464n
 */
export function parseVmcoreinfo(text: string): Vmcoreinfo {
  const lines = new Map<string, string>()
  for (const line of text.split('\n')) {
    const equals = line.indexOf('=')
    if (equals <= 0) continue
    const key = line.slice(0, equals)
    if (!lines.has(key)) lines.set(key, line.slice(equals + 1).replace(/[\r\0]+$/, ''))
  }
  const count = (key: string): number | undefined => {
    const value = lines.get(key)
    return value !== undefined && /^\d{1,15}$/.test(value) ? Number(value) : undefined
  }
  return {
    text,
    value: (key) => lines.get(key),
    number: (name) => signed(lines.get(`NUMBER(${name})`)),
    symbol(name) {
      const value = lines.get(`SYMBOL(${name})`)
      return value !== undefined && /^[0-9a-f]{1,16}$/i.test(value) ? BigInt(`0x${value}`) : undefined
    },
    offset: (name) => count(`OFFSET(${name})`),
    size: (name) => count(`SIZE(${name})`),
    length: (name) => count(`LENGTH(${name})`)
  }
}

function signed(value: string | undefined): bigint | undefined {
  if (value === undefined || !/^(-?\d{1,20}|0x[0-9a-f]{1,16})$/i.test(value)) return undefined
  return BigInt.asIntN(64, BigInt(value))
}
