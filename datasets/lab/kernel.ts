/** A kernel that a guest can boot and that modules can be built for. */
export interface Kernel {
  readonly release: string
  readonly architecture: 'x86_64' | 'arm64'
  /** What QEMU boots. */
  readonly image: string
  /** What `make -C` builds modules with. */
  readonly buildFolder: string
  /** An ELF file with the kernel's BTF, where the build folder has none. */
  readonly types: string | null
  /** Modules that reach the guest's disk. */
  readonly modules: readonly string[]
  /** A static one, of the guest's architecture. */
  readonly busybox: string
  /** For make: the architecture and its compiler. */
  readonly makeWords: readonly string[]
}
