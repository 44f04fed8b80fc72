package bench

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

// usage is the CPU time that was used until a moment.
type usage struct {
	at                                time.Time
	server, database, client, machine time.Duration
}

// since is what was used between two moments.
func (u usage) since(before usage) usage {
	return usage{
		at: u.at, server: u.server - before.server, database: u.database - before.database,
		client: u.client - before.client, machine: u.machine - before.machine,
	}
}

// foreign is how many cores were busy with what is none of ours.
func (u usage) foreign(elapsed time.Duration) float64 {
	return max(0, (u.machine-u.server-u.database-u.client).Seconds()/elapsed.Seconds())
}

// tick is the unit of /proc's CPU times: USER_HZ, which is 100 on every Linux.
const tick = 10 * time.Millisecond

// meter reads the usage of a server, of PostgreSQL if it has one, of this process, which is the client, and of the
// whole machine.
type meter struct {
	server     int // pid
	postmaster int // pid, or 0
}

func (m meter) read(b *testing.B) usage {
	b.Helper()
	u := usage{at: time.Now()}
	var err error
	if u.server, err = processTime(m.server, false); err != nil {
		b.Fatal(err)
	}
	if m.postmaster != 0 {
		if u.database, err = treeTime(m.postmaster); err != nil {
			b.Fatal(err)
		}
	}
	var r syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &r); err != nil {
		b.Fatal(err)
	}
	u.client = time.Duration(r.Utime.Nano() + r.Stime.Nano())
	if u.machine, err = machineTime(); err != nil {
		b.Fatal(err)
	}
	return u
}

// processStat returns the fields of /proc/PID/stat behind the name; field 0 is the state, as proc(5)'s (3).
func processStat(pid int) ([]string, error) {
	raw, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return nil, err
	}
	return strings.Fields(string(raw[bytes.LastIndexByte(raw, ')')+1:])), nil
}

// processTime is a process's utime and stime, and cutime and cstime of the children it has waited for, if asked for.
func processTime(pid int, children bool) (time.Duration, error) {
	f, err := processStat(pid)
	if err != nil {
		return 0, err
	}
	fields := f[11:13]
	if children {
		fields = f[11:15]
	}
	var ticks int64
	for _, field := range fields {
		n, err := strconv.ParseInt(field, 10, 64)
		if err != nil {
			return 0, err
		}
		ticks += n
	}
	return time.Duration(ticks) * tick, nil
}

// treeTime is the time of a process and its children, those it has waited for among them.
func treeTime(pid int) (time.Duration, error) {
	sum, err := processTime(pid, true)
	if err != nil {
		return 0, err
	}
	all, err := filepath.Glob("/proc/[0-9]*")
	if err != nil {
		return 0, err
	}
	for _, dir := range all {
		child, err := strconv.Atoi(filepath.Base(dir))
		if err != nil {
			continue
		}
		f, err := processStat(child)
		if err != nil || f[1] != strconv.Itoa(pid) {
			continue // gone meanwhile, or another's
		}
		if d, err := processTime(child, false); err == nil {
			sum += d
		}
	}
	return sum, nil
}

// machineTime is the time that all cores were busy: user, nice, system, irq and softirq.
func machineTime() (time.Duration, error) {
	raw, err := os.ReadFile("/proc/stat")
	if err != nil {
		return 0, err
	}
	line, _, _ := strings.Cut(string(raw), "\n")
	f := strings.Fields(line)
	var ticks int64
	for _, i := range []int{1, 2, 3, 6, 7} {
		n, err := strconv.ParseInt(f[i], 10, 64)
		if err != nil {
			return 0, err
		}
		ticks += n
	}
	return time.Duration(ticks) * tick, nil
}

// resident is a process's memory in RAM, in bytes.
func resident(pid int) (int64, error) {
	raw, err := os.ReadFile(fmt.Sprintf("/proc/%d/statm", pid))
	if err != nil {
		return 0, err
	}
	f := strings.Fields(string(raw))
	pages, err := strconv.ParseInt(f[1], 10, 64)
	return pages * int64(os.Getpagesize()), err
}

// needProc skips where there is no Linux to ask.
func needProc(b *testing.B) {
	b.Helper()
	if runtime.GOOS != "linux" {
		b.Skip("left out: CPU times and memory are read from Linux's /proc")
	}
}
