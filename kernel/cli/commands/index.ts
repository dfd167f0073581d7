import type { Command } from '../command.js'
import { caches } from './caches.js'
import { crashScript } from './crashScript.js'
import { file } from './file.js'
import { objects } from './objects.js'
import { read } from './read.js'
import { reachability } from './reachability.js'
import { references } from './references.js'
import { symbol } from './symbol.js'
import { whatis } from './whatis.js'

/** All commands, in the order of the help. */
export const commands: readonly Command[] = [
  caches,
  crashScript,
  file,
  objects,
  read,
  reachability,
  references,
  symbol,
  whatis
]
