import { createHash } from 'node:crypto'
import { relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import { FormatError, SlablabError, UsageError } from '../errors.js'
import { openFile, pathKind } from './file.js'

/** A set of real evidence that comes with slablab. */
export interface Dataset {
  readonly name: string
  readonly title: string
  readonly kernel: string
  readonly origin: string
  readonly licence: string
  /** How its files came to be. */
  readonly made: string
  /** Where its files lie. */
  readonly folder: string
  /** The path of each file, by its name in the dataset. */
  readonly paths: Readonly<Record<string, string>>
}

interface ManifestFile { readonly path: string; readonly bytes: number; readonly sha256: string }
interface ManifestEntry extends Pick<Dataset, 'title' | 'kernel' | 'origin' | 'licence' | 'made'> { readonly files: readonly ManifestFile[] }
type Manifest = Readonly<Record<string, ManifestEntry>>

/** From the sources, and from what the build makes of them. */
const places = ['../../datasets/', '../../../datasets/']

/**
 * Evidence that comes with slablab, by name. Size and sha256 of each file are checked against `datasets/manifest.json`, so that what is
 * computed from it can be compared.
 *
 * @param folder where datasets lie. Default: those of slablab
 * @throws UsageError for a name that is none; FormatError for a file that is missing or not what it was
 * @example const dump = await openDump(openDataset('arm64-slab').paths.vmcore)
 */
export function openDataset(name: string, folder = bundledFolder()): Dataset {
  const manifest = readManifest(folder)
  if (!Object.hasOwn(manifest, name)) throw new UsageError(`no dataset named ${name}; there are ${Object.keys(manifest).join(', ')}`)
  const { files, ...about } = manifest[name]
  const own = `${folder}${name}/`
  for (const file of files) check(own + file.path, file)
  return { name, ...about, folder: own, paths: Object.fromEntries(files.map(({ path }) => [path, own + path])) }
}

/** Names of the datasets that come with slablab. */
export function datasetNames(folder: string = bundledFolder()): string[] {
  return Object.keys(readManifest(folder))
}

function bundledFolder(): string {
  const folders = places.map((place) => fileURLToPath(new URL(place, import.meta.url)))
  const found = folders.find((folder) => pathKind(`${folder}manifest.json`) === 'file')
  if (found === undefined) throw new SlablabError(`the datasets of slablab are not installed: expected them in ${folders.join(' or ')}`)
  // As short as can be said from here: what a notebook of the repository prints is then the same wherever that lies.
  const near = `${relative(process.cwd(), found)}/`
  return near.length < found.length ? near : found
}

function readManifest(folder: string): Manifest {
  return JSON.parse(Buffer.from(contentOf(`${folder}manifest.json`)).toString()) as Manifest
}

function check(path: string, { bytes, sha256 }: ManifestFile): void {
  if (pathKind(path) !== 'file') throw new FormatError('a file of the dataset is missing', { source: path })
  const content = contentOf(path)
  if (content.length !== bytes) throw new FormatError('not the file it was', { source: path, found: `${content.length} bytes`, expected: `${bytes} bytes` })
  const found = createHash('sha256').update(content).digest('hex')
  if (found !== sha256) throw new FormatError('not the file it was', { source: path, found: `sha256 ${found}`, expected: sha256 })
}

function contentOf(path: string): Uint8Array {
  const file = openFile(path)
  try {
    return file.read(0, file.byteLength)
  } finally {
    file.close()
  }
}
