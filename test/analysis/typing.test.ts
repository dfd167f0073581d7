import { expect, test } from 'vitest'
import { identifiedShares } from '../../lib/analysis/types.js'
import { groupType, groupTypes } from '../../lib/analysis/typing.js'
import { readCString, readPointer } from '../../lib/memory/memory.js'
import { Tracks } from '../../lib/slab/tracks.js'
import { openVmcore } from '../../lib/system/openVmcore.js'
import { findMember } from '../../lib/type/members.js'
import { describeEvidence, evidence } from '../evidence.js'
import { plantedObjects } from '../planted.js'

const planted: Readonly<Record<string, string>> = { O: 'seq_operations', held: 'seq_operations', S: 'TestModSession', L: 'TestModSession', N: 'TestModNode' }

/** Structs that the kernel keeps in general or merged caches, with how many of each a machine has at least. */
const innocent = { 'x86_64-slub': ['device_private', 'pci_dev', 'acpi_namespace_node'], 'x86_64-slub-6.12': ['device_private', 'pci_dev', 'acpi_namespace_node'], 'arm64-slab': ['device_private', 'kernfs_node'] }

describeEvidence.each(['x86_64-slub', 'x86_64-slub-6.12', 'arm64-slab'] as const)('the types of %s', (dataset) => {
  test('all planted types are found, and nothing fits as well; most of the general caches is identified', async () => {
    const system = await openVmcore(evidence(dataset, 'vmcore'))
    const found = groupTypes(system)
    const typeOf = new Map<bigint, string | null>()
    for (const { objects, type, rivals, addresses } of found) {
      expect(addresses()).toHaveLength(objects)
      for (const address of addresses()) typeOf.set(address, rivals === 0 ? type : null)
    }
    const wrong = plantedObjects(dataset).filter(({ kind, address }) => typeOf.get(address) !== planted[kind])
    // A live dump is taken while objects come and go.
    expect(wrong.length).toBeLessThan(dataset === 'x86_64-slub-6.12' ? 20 : 1)

    const known = new Set(found.filter(({ rivals }) => rivals === 0).map(({ type }) => type))
    for (const type of innocent[dataset]) expect([...known]).toContain(type)

    const shares = identifiedShares(found)
    const general = shares.filter(({ of }) => of === 'general caches')
    expect(general.map(({ what }) => what)).toEqual(['one type', 'candidates', 'unknown'])
    expect(general[0].share).toBeGreaterThan(0.95)
    const all = system.caches().reduce((sum, cache) => sum + (cache.allocated ?? 0), 0)
    expect(shares.reduce((sum, { objects }) => sum + objects, 0)).toBe(all)
    system.close()
  }, 300_000)
})

/** What functions of the kernel allocate in the caches whose allocations x86_64-slub-debug recorded. */
const made: Readonly<Record<string, string>> = {
  single_open: 'seq_operations', __vmalloc_node_range: 'page *[]', cache_random_seq_create: 'unsigned int[]', init_syscall_trace: 'char[]',
  acpi_sysfs_init: 'acpi_table_attr', acpi_os_map_iomem: 'acpi_ioremap', pci_bus_insert_busn_res: 'pci_domain_busn_res',
  aa_dfa_unpack: 'aa_dfa', dev_pm_qos_expose_latency_limit: 'dev_pm_qos_request', blk_stat_alloc_callback: 'blk_rq_stat'
}
/** What they allocate is no text, and no struct that others of their cache are. */
const often: Readonly<Record<string, readonly (string | null)[]>> = {
  __register_chrdev_region: ['char_device_struct', null], create_trace_option_files: ['trace_option_dentry', null], add_sysfs_param: ['attribute *[]', null],
  pci_create_attr: ['bin_attribute', null], 'bucket_table_alloc.isra.0': ['bucket_table', null], led_trigger_register_simple: ['led_trigger', null]
}

describeEvidence('the types of x86_64-slub-debug', () => {
  test('are those that the recorded allocating functions make', async () => {
    const system = await openVmcore(evidence('x86_64-slub-debug', 'vmcore'))
    const { table } = system.slabs
    const tracks = new Tracks(system.kernel, table)
    const wrong: string[] = []
    const met = new Set<string>()
    for (const { described, type, rivals, addresses } of groupTypes(system)) {
      const cache = table.caches.find(({ name }) => name === described.cache?.name)
      if (cache === undefined || !tracks.has(cache)) continue
      for (const address of addresses()) {
        const track = tracks.at(cache, address, 'alloc')
        const maker = track === null ? undefined : system.symbols.at(track.caller)?.name
        if (maker === undefined || !(maker in made || maker in often)) continue
        met.add(maker)
        const known = rivals === 0 ? type : null
        if (maker in made ? known !== made[maker] : !often[maker].includes(known)) wrong.push(`${maker}: ${known}`)
      }
    }
    expect(wrong).toEqual([])
    expect([...met].sort()).toEqual([...Object.keys(made), ...Object.keys(often)].sort())
    system.close()
  }, 300_000)
})

describeEvidence.each(['x86_64-slub', 'x86_64-slub-6.12'] as const)('what %s has in tables of its kernel', (dataset) => {
  test('functions of one prototype tell a struct: handlers of rtnetlink, all of them in its tables', async () => {
    const system = await openVmcore(evidence(dataset, 'vmcore'))
    const word = (address: bigint): bigint => readPointer(system.memory, address)
    const handlers = system.symbols.named('rtnl_msg_handlers')[0].address
    const registered = new Set<bigint>()
    // RTNL_FAMILY_MAX is 129, RTM_NR_MSGTYPES some 110.
    for (let family = 0n; family <= 129n; family++) {
      const table = word(handlers + 8n * family)
      for (let message = 0n; table !== 0n && message < 112n; message++) registered.add(word(table + 8n * message))
    }
    const found = groupTypes(system).filter(({ type, rivals }) => type === 'rtnl_link' && rivals === 0).flatMap(({ addresses }) => [...addresses()])
    expect(found.length).toBeGreaterThan(60)
    expect(found.filter((address) => !registered.has(address))).toEqual([])
    system.close()
  }, 300_000)

  test('of a group in parts, objects have the type of their own part', async () => {
    const system = await openVmcore(evidence(dataset, 'vmcore'))
    const all = groupTypes(system)
    const parts = all.filter((part) => part.objects < part.described.group.objects)
    expect(parts.length).toBeGreaterThan(10)
    for (const part of parts) expect(groupType(system, part.described, part.addresses())).toBe(part)
    system.close()
  }, 300_000)

  test('a header with nodes behind it is no directory: sysctl makes those outside of cgroups', async () => {
    const system = await openVmcore(evidence(dataset, 'vmcore'))
    const known = groupTypes(system).filter(({ rivals, described }) => rivals === 0 && described.cache?.name.startsWith('kmalloc-cg-') === true)
    expect(known.filter(({ type }) => type === 'ctl_table_header').length).toBeGreaterThan(0)
    expect(known.filter(({ type }) => type === 'ctl_dir')).toEqual([])
    // The nodes begin where the header ends, and it points there.
    const { graph } = system.types!.btf!
    const headers = known.filter(({ type }) => type === 'ctl_table_header')
    const bytes = graph.bytesOf(headers[0].id!)!
    const node = findMember(graph, headers[0].id!, 'node')!.bitOffset / 8
    const odd = headers.flatMap(({ addresses }) => [...addresses()]).filter((address) => readPointer(system.memory, address + BigInt(node)) !== address + BigInt(bytes))
    expect(odd).toEqual([])
    system.close()
  }, 300_000)

  test.each([['kprobe_blacklist', 'kprobe_blacklist_entry'], ['aa_global_buffers', 'aa_buffer']])('what stands on the list %s is one kind, %s, and nothing else is', async (list, struct) => {
    const system = await openVmcore(evidence(dataset, 'vmcore'))
    const head = system.symbols.named(list)[0].address
    const listed: bigint[] = []
    for (let at = readPointer(system.memory, head); at !== head; at = readPointer(system.memory, at)) listed.push(at)
    expect(listed.length).toBeGreaterThan(3)
    const typeOf = new Map(groupTypes(system).flatMap(({ type, rivals, addresses }) => [...addresses()].map((address) => [address, rivals === 0 ? type?.replace('union ', '') : null])))
    expect(listed.filter((address) => typeOf.get(address) !== struct)).toEqual([])
    expect([...typeOf].filter(([, type]) => type === struct)).toHaveLength(listed.length)
    system.close()
  }, 300_000)
})

describeEvidence.each(['x86_64-slub', 'x86_64-slub-6.12', 'arm64-slab'] as const)('what objects of %s hold as a whole', (dataset) => {
  test('pieces of BTF are the modules\' own, and those are all found', async () => {
    const system = await openVmcore(evidence(dataset, 'vmcore'))
    const known = groupTypes(system).filter(({ rivals }) => rivals === 0)
    const addressesOf = (type: string): bigint[] => known.filter((one) => one.type === type).flatMap(({ addresses }) => [...addresses()])
    const data = addressesOf('btf').map((address) => readPointer(system.memory, address))
    const pieces = addressesOf('btf_header')
    expect(pieces.length).toBeGreaterThan(0)
    expect(pieces.filter((address) => !data.includes(address))).toEqual([])
    system.close()
  }, 300_000)
})

describeEvidence.each(['x86_64-slub', 'x86_64-slub-6.12'] as const)('variables of %s that macros name', (dataset) => {
  test('lead to what modules know of static calls, and what points at them is an array of such', async () => {
    const system = await openVmcore(evidence(dataset, 'vmcore'))
    const modules = system.symbols.all().filter(({ name }) => name === '__this_module').map(({ address }) => address)
    const found = groupTypes(system).filter(({ rivals }) => rivals === 0)
    const users = found.filter(({ type }) => type === 'static_call_mod').flatMap(({ addresses }) => [...addresses()])
    // struct static_call_mod, include/linux/static_call_types.h: next, mod, sites.
    const byModules = users.map((address) => readPointer(system.memory, address + 8n)).filter((module) => module !== 0n)
    expect(byModules.length).toBeGreaterThan(0)
    for (const module of byModules) expect(modules).toContain(module)
    const names = found.filter(({ type }) => type === 'syscall_metadata *[]').flatMap(({ addresses }) => [...addresses()]).map((address) => system.symbols.at(readPointer(system.memory, address))?.name)
    expect(names).toEqual(['__syscall_meta__read'])
    system.close()
  }, 300_000)
})

describeEvidence('the structs of x86_64-slub-6.12 that others start like', () => {
  test('sysctl tables of neighbours and of devices: what stands behind the shorter one tells', async () => {
    const system = await openVmcore(evidence('x86_64-slub-6.12', 'vmcore'))
    const firstName = (address: bigint): string => readCString(system.memory, readPointer(system.memory, address + 8n))
    const named = groupTypes(system).filter(({ type }) => /^(?:neigh|devinet)_sysctl_table$/.test(type ?? ''))
      .flatMap(({ type, rivals, addresses }) => [...addresses()].map((address) => `${type} ${rivals} ${firstName(address)}`))
    expect([...new Set(named)].sort()).toEqual(['devinet_sysctl_table 0 forwarding', 'neigh_sysctl_table 0 mcast_solicit'])
    system.close()
  }, 300_000)

  test('what BPF\'s allocator keeps for later leads from one to the next, in slots of one size', async () => {
    const system = await openVmcore(evidence('x86_64-slub-6.12', 'vmcore'))
    const cacheOf = new Map(groupTypes(system).filter(({ type }) => type === 'llist_node').flatMap(({ described, addresses }) => [...addresses()].map((address) => [address, described.cache!.name])))
    expect(cacheOf.size).toBeGreaterThan(50)
    for (const [address, cache] of cacheOf) {
      const next = readPointer(system.memory, address)
      if (next !== 0n) expect(cacheOf.get(next)).toBe(cache)
    }
    system.close()
  }, 300_000)
})

describeEvidence.each(['x86_64-slub', 'arm64-slab'] as const)('arrays of any length in structs of %s', (dataset) => {
  test('tell by the functions in their first element: the parameters of modules', async () => {
    const system = await openVmcore(evidence(dataset, 'vmcore'))
    const found = groupTypes(system).filter(({ type }) => type === 'module_param_attrs')
    expect(found.reduce((sum, { objects }) => sum + objects, 0)).toBeGreaterThan(10)
    for (const { rivals, addresses } of found) {
      expect(rivals).toBe(0)
      // struct module_param_attrs, kernel/params.c: the name of its attribute group stands behind a count.
      for (const address of addresses()) expect(readCString(system.memory, readPointer(system.memory, address + 8n))).toBe('parameters')
    }
    system.close()
  }, 300_000)
})
