package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"os"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// tick is the kernel's unit of CPU time in /proc: USER_HZ is 100 on every Linux that Go runs on.
const tick = time.Second / 100

// othersCPU is the share of the machine's CPU, 0 to 1, that everything but this process uses over three seconds.
func othersCPU(ctx context.Context) (float64, error) {
	ownBefore := ownCPU()
	busyBefore, before, err := cpuTimes()
	if err != nil {
		return 0, err
	}
	select {
	case <-ctx.Done():
		return 0, ctx.Err()
	case <-time.After(3 * time.Second):
	}
	busy, all, err := cpuTimes()
	if err != nil {
		return 0, err
	}
	if all <= before {
		return 0, errors.New("/proc/stat does not count CPU time")
	}
	return max(0, float64(busy-busyBefore-(ownCPU()-ownBefore))/float64(all-before)), nil
}

func ownCPU() time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		return 0
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

func cpuTimes() (busy, all time.Duration, err error) {
	text, err := os.ReadFile("/proc/stat")
	if err != nil {
		return 0, 0, err
	}
	return parseStat(string(text))
}

// parseStat reads the first line of /proc/stat: user, nice, system, idle, iowait, irq, softirq, steal of all cores.
func parseStat(text string) (busy, all time.Duration, err error) {
	line, _, _ := strings.Cut(text, "\n")
	fields := strings.Fields(line)
	if len(fields) < 9 || fields[0] != "cpu" {
		return 0, 0, fmt.Errorf("/proc/stat begins with %q", line)
	}
	for i, f := range fields[1:9] { // guest time, behind them, is part of user
		n, err := strconv.ParseInt(f, 10, 64)
		if err != nil {
			return 0, 0, fmt.Errorf("/proc/stat begins with %q", line)
		}
		all += time.Duration(n) * tick
		if i != 3 && i != 4 {
			busy += time.Duration(n) * tick
		}
	}
	return busy, all, nil
}

// processCPU is the CPU time that a running process has used.
func processCPU(pid int) (time.Duration, error) {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return 0, err
	}
	// The program's name, in parentheses, may hold anything.
	fields := strings.Fields(string(text[strings.LastIndexByte(string(text), ')')+1:]))
	if len(fields) < 13 {
		return 0, fmt.Errorf("/proc/%d/stat is short", pid)
	}
	user, err := strconv.ParseInt(fields[11], 10, 64)
	if err != nil {
		return 0, err
	}
	system, err := strconv.ParseInt(fields[12], 10, 64)
	return time.Duration(user+system) * tick, err
}

// processMemory is a process's resident memory in bytes; 0 when it has gone.
func processMemory(pid int) int64 {
	kilobytes, _, _ := strings.Cut(fieldOf(fmt.Sprintf("/proc/%d/status", pid), "VmRSS:"), " ")
	n, _ := strconv.ParseInt(kilobytes, 10, 64)
	return n << 10
}

// machine describes where the marks were measured.
type machine struct {
	cpu    string
	cores  int
	memory string
	os     string
	golang string
}

func thisMachine() machine {
	m := machine{
		cpu:    strings.TrimSpace(strings.TrimPrefix(fieldOf("/proc/cpuinfo", "model name"), ":")),
		cores:  runtime.NumCPU(),
		golang: runtime.Version(),
	}
	if m.cpu == "" {
		m.cpu = runtime.GOARCH // ARM kernels name no model
	}
	kilobytes, _, _ := strings.Cut(fieldOf("/proc/meminfo", "MemTotal:"), " ")
	n, _ := strconv.ParseFloat(kilobytes, 64)
	m.memory = fmt.Sprintf("%.1f GB", n*1024/1e9)
	system := strings.Trim(fieldOf("/etc/os-release", "PRETTY_NAME="), `"`)
	kernel, _ := os.ReadFile("/proc/sys/kernel/osrelease")
	m.os = strings.TrimSpace(system + ", Linux " + string(kernel))
	return m
}

// fieldOf is the rest of the first line of a file that begins with key, "" when there is none.
func fieldOf(path, key string) string {
	f, err := os.Open(path)
	if err != nil {
		return ""
	}
	defer f.Close()
	for s := bufio.NewScanner(f); s.Scan(); {
		if rest, ok := strings.CutPrefix(s.Text(), key); ok {
			return strings.TrimSpace(rest)
		}
	}
	return ""
}
