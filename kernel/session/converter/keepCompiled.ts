import { keepCompiled } from '../compiledScript.js'
import { built } from '../installed.js'
import { complete } from './complete.js'
import { convert } from './convert.js'
import { inspect } from './inspect.js'
import { prelude } from './prelude.js'
import { compilerScript, loadTslab } from './tslab.js'

// A program of the build: does with the compiler what a session does first, and keeps what V8 compiled of it by then.
const { libraryTypes, globalTypes } = built
const tslab = loadTslab({ folder: '/', typeCheck: true, libraryTypes, globalTypes })
const names = prelude(tslab.compiler, libraryTypes, globalTypes)
for (const code of ["const dump = await openDump('vmcore')\ndump.caches()", '1 + "a" * 2']) convert(tslab, names, code)
complete(tslab, names, 'openD', 5)
inspect(tslab, names, 'openDump', 8, 0)
tslab.converter.close()
keepCompiled([compilerScript])
