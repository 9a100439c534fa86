import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';

/** What a process has used since it began, all its threads together. */
export interface Usage {
  cpuMs: number;
  rssMb: number;
  /** The highest RSS so far; on systems without /proc the present one. */
  peakRssMb: number;
}

/** As the operating system counts it. Linux tells it in steps of 10 ms. */
export const usageOf = (pid: number): Usage =>
  existsSync('/proc/self/stat') ? fromProc(pid) : parsePs(psOf(pid));

function fromProc(pid: number): Usage {
  return parseProc(readFileSync(`/proc/${pid}/stat`, 'utf8'), readFileSync(`/proc/${pid}/status`, 'utf8'));
}

// USER_HZ is 100 on every Linux that Node runs on.
const msPerTick = 10;

/** Reads `/proc/PID/stat` and `/proc/PID/status` (proc(5)). */
export function parseProc(stat: string, status: string): Usage {
  // The second field is the name of the program, which may contain spaces and parentheses.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  const [user, system] = [fields[11], fields[12]];
  return {
    cpuMs: (Number(user) + Number(system)) * msPerTick,
    rssMb: megabytes(status, 'VmRSS'),
    peakRssMb: megabytes(status, 'VmHWM'),
  };
}

const megabytes = (status: string, name: string): number =>
  Number(new RegExp(`^${name}:\\s+(\\d+) kB$`, 'm').exec(status)?.[1]) / 1024;

const psOf = (pid: number): string =>
  execFileSync('ps', ['-o', 'cputime=,rss=', '-p', String(pid)], { encoding: 'utf8' });

/** Reads `ps -o cputime=,rss=`: `1:02.34  5678`, in hours, minutes, seconds and KiB. */
export function parsePs(line: string): Usage {
  const [time = '', rss] = line.trim().split(/\s+/);
  const seconds = time.split(/[-:]/).reduce((sum, part) => sum * 60 + Number(part), 0);
  const rssMb = Number(rss) / 1024;
  return { cpuMs: seconds * 1000, rssMb, peakRssMb: rssMb };
}
