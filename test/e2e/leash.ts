import { type ChildProcess, spawn } from 'node:child_process'

/** Kills what it holds, and removes its folder, when this process is gone, however it went. */
export interface Leash {
  hold(pid: number): void
  drop(pid: number): void
  /** Kills what it still holds now. */
  end(): void
}

/** A shell that reads pids until its pipe ends; a handler of signals would not see a kill -9. */
const script = `dir=$1; held=' '
while read -r what pid; do
  case $what in
    hold) held="$held$pid " ;;
    drop) held="\${held%% $pid *} \${held#* $pid }" ;;
  esac
done
for pid in $held; do kill -s KILL "$pid"; done 2>/dev/null
sleep 0.5; rm -rf -- "$dir"`

export function openLeash(dir: string): Leash {
  const shell: ChildProcess = spawn('sh', ['-c', script, 'leash', dir], { detached: true, stdio: ['pipe', 'ignore', 'ignore'] })
  shell.unref()
  shell.stdin?.on('error', () => {})
  const say = (line: string) => void shell.stdin?.write(`${line}\n`)
  return {
    hold: pid => say(`hold ${pid}`),
    drop: pid => say(`drop ${pid}`),
    end: () => void shell.stdin?.end()
  }
}
