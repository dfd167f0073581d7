import type ts from 'typescript'

interface Watched { callback: ts.FileWatcherCallback, changed: number | undefined }

export interface LocalFiles {
  readonly system: ts.System
  /** Tells the compiler of files that changed since it read them. */
  noteChanges(): void
}

const changedKind = 1 // FileWatcherEventKind.Changed

/** What does not change while a session lives: files of packages, and declarations. */
export function isOfPackage(file: string): boolean {
  return file.includes('/node_modules/') || (file.endsWith('.d.ts') && !file.startsWith('/__'))
}

/**
 * The compiler's view of the disk, from `/`. It would poll each of its hundreds of declaration files for changes; here packages are taken as
 * they are, and the few local files are looked at before each conversion.
 */
export function localFiles(system: ts.System): LocalFiles {
  const watched = new Map<string, Watched>()
  const timeOf = (file: string): number | undefined => system.getModifiedTime?.(file)?.getTime()
  const ours: ts.System = Object.assign(Object.create(system) as ts.System, {
    getCurrentDirectory: () => '/',
    watchFile(file: string, callback: ts.FileWatcherCallback): ts.FileWatcher {
      if (isOfPackage(file)) return { close() {} }
      watched.set(file, { callback, changed: timeOf(file) })
      return { close: () => { watched.delete(file) } }
    },
    watchDirectory: (): ts.FileWatcher => ({ close() {} })
  })
  return {
    system: ours,
    noteChanges() {
      for (const [file, entry] of watched) {
        const changed = timeOf(file)
        if (changed === entry.changed) continue
        entry.changed = changed
        entry.callback(file, changedKind)
      }
    }
  }
}
