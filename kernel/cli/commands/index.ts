import type { Command } from '../command.js'
import { caches } from './caches.js'
import { crashScript } from './crashScript.js'
import { file } from './file.js'
import { objects } from './objects.js'
import { read } from './read.js'
import { symbol } from './symbol.js'

/** All commands, in the order of the help. */
export const commands: readonly Command[] = [
  caches,
  crashScript,
  file,
  objects,
  read,
  symbol
]
