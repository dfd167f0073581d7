const pollMilliseconds = 1000

/** Calls once when the process that started the kernel is gone. It says by JPY_PARENT_PID that it wants this. */
export function watchParent(environment: NodeJS.ProcessEnv, onOrphaned: () => void): void {
  const parent = Number(environment.JPY_PARENT_PID)
  if (!Number.isInteger(parent) || parent <= 1) return
  const isChild = process.ppid === parent
  const timer = setInterval(() => {
    if (isChild ? process.ppid === parent : isAlive(parent)) return
    clearInterval(timer)
    onOrphaned()
  }, pollMilliseconds)
  timer.unref()
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM'
  }
}
