import { openDump } from './lib/index.js'
import { groupTypes } from './lib/analysis/typing.js'
import { identifiedShares } from './lib/analysis/types.js'
const dump: any = await openDump(process.argv[2])
const t = performance.now(); const g = groupTypes(dump); console.log('types', (performance.now() - t).toFixed(0))
for (const s of identifiedShares(g)) console.log(s.of, s.what, s.objects, s.bytes, ((s.share ?? 0) * 100).toFixed(2))
if (process.argv[3]) { const fs = await import('node:fs'); fs.writeFileSync(process.argv[3], g.flatMap((x: any) => [...x.addresses()].map((a: bigint) => a.toString(16) + ' ' + x.described.cache?.name + ' ' + x.type + ' ' + x.rivals)).sort().join('\n')) }
