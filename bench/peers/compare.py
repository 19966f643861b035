#!/usr/bin/env python3
"""Measures Gradus beside other libraries and prints the table of floors as Markdown; exit code 1 when one is missed.

Every library works in a process of its own (serve.h). In each round they are measured one after the other, for the same
time each; who is not being measured is stopped by a signal, so that threads that wait by spinning, as OpenMP's do, take
no processor from the others. Figures are medians over the rounds, ratios are ratios of these medians.

A machine that others use as well is not always as fast, nor all its processors alike: works of one thread run on one
processor, the same for all in a round. Before and after each round a probe tells whether it is as fast as it can be; if
not, the next round tries to find another that is, and one that was slowed is taken again, as long as patience lasts.

A library is measured at its best setting: what it is (how OpenMP waits, which of two functions) is found out in a few
rounds before, for every work and number of threads. OpenBLAS is told which processor's kernels to use where that makes
it faster: an older release takes a processor newer than itself for one of 2004, without AVX. libtorch is measured as it
is installed, which is what the floors are meant for, and once more with an allocator that keeps its memory, in a column
of its own.
"""

import argparse
import math
import os
import re
import signal
import statistics
import subprocess
import sys
import time

sys.path.append(os.path.join(os.path.dirname(__file__), ".."))
from between import write_between  # pylint: disable=wrong-import-position

OPENMP = [{}, {"OMP_WAIT_POLICY": "active"}, {"OMP_WAIT_POLICY": "passive"}]
OPENBLAS_CORES = {"Haswell": {"avx2", "fma"}, "SkylakeX": {"avx512f", "avx512bw", "avx512dq", "avx512vl"}}  # they need
KEEP_MEMORY = {"MALLOC_MMAP_MAX_": "0", "MALLOC_TRIM_THRESHOLD_": "4294967296", "MALLOC_TOP_PAD_": "67108864"}
PROCESSORS = sorted(os.sched_getaffinity(0))
TRIALS = 5  # rounds in which settings are compared
PROBE = "gemm/book/500x500/dw"  # half a millisecond's work for multipliers and caches
QUIET = 0.85  # of the probe's best speed: below it, someone else is using the processor
PATIENCE = 2  # seconds that each comparison may lose to them, besides as many as it takes; what it does not, others may
WORTH_TELLING = 0.9  # of the time of the kernels that OpenBLAS chooses

LIBTORCH, OPENBLAS, ONEDNN = "libtorch", "OpenBLAS", "oneDNN"
KEEPING = "libtorch keeping memory"  # glibc's malloc told never to give any back, which spares it page faults
STEPS = ["step/book", "step/small", "step/conv"]
WORKS = {  # name: what it is, floors against libtorch at one and two threads
    "step/book": ("step of 784-500-500-20, ELU, batch 150, Adam", 1.45, 1.5),
    "step/small": ("step of 784-200-200-50, tanh, batch 20, Adam", 3, 3),
    "step/conv": ("step of the conv VAE, batch 128, ReLU, Adam", 1.3, 1.3),
    "chain": ("1,000 multiplications of one-element tensors, both ways", 10, None),
    "composite": ("silu, elu, square as one lambda, 150×500, both ways", 4, 2.5),
    "bce": ("BCE with logits, 150×784, both ways", 2, 2),
    "adam": ("Adam on 1.31 M parameters", 3, 2),
    "importance": ("log p(x) by 5,000 draws of 784-200-200-50, two images", 2, 2),
}
VARIANTS = {"importance": ("", "500/", "1000/", "5000/")} | {step: ("", "none/") for step in STEPS}  # libtorch's
PEAK_SHARE = 0.6  # of the FMA peak of two threads, floor of the same on two threads


def note(progress):
    print(progress, file=sys.stderr)


def positive(word):
    number = int(word)
    if number < 1:
        raise argparse.ArgumentTypeError(f"{number} is not positive")
    return number


class Program:
    """A process that measures what it is asked for, and is stopped while it is not asked."""

    def __init__(self, path, environment):
        self.environment = environment
        self.process = subprocess.Popen([path], env={**os.environ, **environment}, stdin=subprocess.PIPE,
                                        stdout=subprocess.PIPE, text=True)

    def measure(self, work, threads, milliseconds, processor):
        """The median time of one run, in nanoseconds; one thread runs on `processor`."""
        os.sched_setaffinity(self.process.pid, {processor} if threads == 1 else PROCESSORS)
        self.process.send_signal(signal.SIGCONT)
        self.process.stdin.write(f"{work} {threads} {milliseconds}\n")
        self.process.stdin.flush()
        answer = self.process.stdout.readline()
        if not answer:
            sys.exit(f"compare.py: {self.process.args[0]} ended while measuring {work}")
        self.process.send_signal(signal.SIGSTOP)
        return float(answer)

    def libraries(self):
        with open(f"/proc/{self.process.pid}/maps", encoding="utf-8") as maps:
            return sorted({line.split()[-1] for line in maps if ".so" in line})


class Library:
    """A program under several settings: environments, and prefixes of a work that stand for other ways to do it."""

    def __init__(self, name, path, environments=({},), prefixes=lambda work: ("",)):
        self.name = name
        self.prefixes = prefixes
        self.programs = [Program(path, environment) for environment in environments]

    def settings(self, work):
        return [(program, prefix + work) for program in self.programs for prefix in self.prefixes(work)]


class Comparison:
    def __init__(self, options):
        self.options = options
        peers = options.peers
        self.gradus = Library("Gradus", options.gradus)
        self.watch = Program(options.gradus, {})  # takes the probe
        self.processor = PROCESSORS[0]  # that works of one thread run on
        self.shortest = {threads: min(self.watch.measure(PROBE, threads, 2, PROCESSORS[i % len(PROCESSORS)])
                                      for i in range(300)) for threads in (1, 2)}
        self.rounds = self.disturbed_rounds = 0
        self.patience = 0.0  # seconds that may still be lost to someone else
        self.core = self.best_core(f"{peers}/openblas")
        settings = [setting | self.core for setting in OPENMP]
        variants = lambda work: VARIANTS.get(work, ("",))
        self.peers = {
            LIBTORCH: Library(LIBTORCH, f"{peers}/libtorch", settings, variants),
            KEEPING: Library(KEEPING, f"{peers}/libtorch", [setting | KEEP_MEMORY for setting in settings],
                             variants),
            OPENBLAS: Library(OPENBLAS, f"{peers}/openblas", settings),
            ONEDNN: Library(ONEDNN, f"{peers}/onednn", OPENMP, lambda work: ("", "matmul/")),
        }
        self.times = {}

    def best_core(self, path):
        """The environment in which OpenBLAS takes its fastest kernels: none where it knows the processor itself."""
        able = [{"OPENBLAS_CORETYPE": core} for core, needed in OPENBLAS_CORES.items() if needed <= cpu_flags()]
        candidates = [Program(path, environment) for environment in [{}, *able]]
        medians = self.medians([(program, "gemm/square/1024", 1) for program in candidates], TRIALS,
                               self.options.milliseconds)
        for program in candidates:
            program.process.kill()
        best = min(medians)
        return candidates[medians.index(best)].environment if best < WORTH_TELLING * medians[0] else {}

    def quiet(self, threads, processor):
        """Whether nobody else uses the processor now: the probe takes about the shortest time so far."""
        now = self.watch.measure(PROBE, threads, 2, processor)
        self.shortest[threads] = min(now, self.shortest[threads])
        return self.shortest[threads] >= QUIET * now

    def find_quiet(self, threads):
        """Whether there is a quiet processor, which works of one thread move to."""
        for processor in PROCESSORS if threads == 1 else PROCESSORS[:1]:
            if self.quiet(threads, processor):
                self.processor = processor
                return True
        return False

    def turn(self, contestants, milliseconds, forwards):
        """One time in nanoseconds of each contestant, in their order; taken in it or, not `forwards`, against it."""
        times = [program.measure(work, threads, milliseconds, self.processor)
                 for program, work, threads in (contestants if forwards else reversed(contestants))]
        return times if forwards else times[::-1]

    def medians(self, contestants, rounds, milliseconds):
        """Medians in nanoseconds of `contestants`, each (program, work, threads), taken in turns while it is quiet."""
        most_threads = max(threads for *_, threads in contestants)
        samples = []
        self.patience += PATIENCE
        after = False
        while len(samples) < rounds:
            start = time.monotonic()
            before, patient = after or self.find_quiet(most_threads), self.patience > 0
            if most_threads > 1:  # they use all processors, and so does, in turns, one thread that they are compared to
                self.processor = PROCESSORS[len(samples) // 2 % len(PROCESSORS)]
            if before or not patient:
                times = self.turn(contestants, milliseconds, len(samples) % 2 == 0)  # none always follows the same
            else:
                time.sleep(0.01)
            after = self.quiet(most_threads, self.processor)
            disturbed = not (before and after)
            if disturbed and patient:
                self.patience -= time.monotonic() - start
                continue
            self.patience += time.monotonic() - start
            self.rounds += 1
            self.disturbed_rounds += disturbed
            samples.append(times)
        return [statistics.median(times) for times in zip(*samples)]

    def best_setting(self, library, work, threads):
        settings = library.settings(work)
        if len(settings) == 1:
            return settings[0]
        medians = self.medians([(*setting, threads) for setting in settings], TRIALS, self.options.milliseconds)
        program, name = settings[medians.index(min(medians))]
        note(f"  {library.name} is best as {name} with {program.environment or 'no setting'}")
        return program, name

    def measure(self, contestants):
        """Medians in nanoseconds of `contestants`, each (library, work, threads), taken in turns."""
        settings = [(*self.best_setting(library, work, threads), threads) for library, work, threads in contestants]
        return self.medians(settings, self.options.rounds, self.options.milliseconds)

    def against(self, work, threads, names):
        key = (work, threads)
        note(f"measuring {work} at {threads} thread(s)")
        contestants = [(self.gradus, work, threads)] + [(self.peers[name], work, threads) for name in names]
        self.times[key] = dict(zip(["Gradus", *names], self.measure(contestants)))
        return self.times[key]

    def check_libraries(self):
        """Error unless libtorch works with the OpenBLAS that it is at its best with."""
        used = [path for path in self.peers[LIBTORCH].programs[0].libraries() if re.search("blas", path)]
        if not used or any("openmp" not in path for path in used):
            sys.exit(f"compare.py: libtorch does not use OpenBLAS's OpenMP build but {used}")


def duration(nanoseconds):
    for unit, size in (("s", 1e9), ("ms", 1e6), ("µs", 1e3)):
        if nanoseconds >= size:
            return f"{nanoseconds / size:.3g} {unit}"
    return f"{nanoseconds:.3g} ns"


def geometric_mean(values):
    return math.exp(statistics.fmean(math.log(value) for value in values))


class Table:
    def __init__(self):
        self.rows = []
        self.missed = 0

    def verdict(self, ratio, floor):
        if floor is None:
            return "", ""
        met = ratio >= floor
        self.missed += not met
        return f"{floor:g} ×", "yes" if met else "**no**"

    def add(self, title, peer, threads, own, other, floor, keeping=None):
        """`own` and `other` in nanoseconds; `keeping` as well, for a libtorch that keeps its memory."""
        ratio = other / own
        self.rows.append((title, peer, str(threads), duration(own), duration(other), f"{ratio:.2f} ×",
                          *self.verdict(ratio, floor), f"{keeping / own:.2f} ×" if keeping else ""))

    def text(self):
        head = ("work (float)", "peer", "threads", "Gradus", "peer's", "ratio", "floor", "met", "keeping memory")
        lines = ["| " + " | ".join(row) + " |" for row in (head, *self.rows)]
        return "\n".join([lines[0], "|---|---|--:|--:|--:|--:|--:|---|--:|", *lines[1:]]) + "\n"


def gemm_rows(comparison, table, shapes):
    for shape in shapes:
        comparison.against(shape, 1, [OPENBLAS, ONEDNN])
    worst = min(shapes, key=lambda shape: comparison.times[shape, 1][OPENBLAS] / comparison.times[shape, 1]["Gradus"])
    times = comparison.times[worst, 1]
    table.add(f"GEMM, the least of {len(shapes)} shapes: {worst[len('gemm/'):]}", OPENBLAS, 1, times["Gradus"],
              times[OPENBLAS], 0.95)
    for name, floor in ((OPENBLAS, 1.0), (ONEDNN, 0.95)):
        own, other = (geometric_mean(comparison.times[shape, 1][who] for shape in shapes)
                      for who in ("Gradus", name))
        table.add(f"GEMM, geometric mean of {len(shapes)} shapes", name, 1, own, other, floor)
    note("measuring gemm/square/1024 at 1 and 2 threads")
    one, two = comparison.measure([(comparison.gradus, "gemm/square/1024", threads) for threads in (1, 2)])
    table.add("GEMM, 1024³", "Gradus, 1 thread", 2, two, one, 1.8)


def print_gemm(comparison, shapes, flops):
    print("\n| GEMM, GFLOP/s on one thread | Gradus | OpenBLAS | oneDNN | to OpenBLAS | to oneDNN |")
    print("|---|--:|--:|--:|--:|--:|")
    for shape in shapes:
        times = comparison.times[shape, 1]
        speeds = [f"{flops[shape] / times[name]:.1f}" for name in ("Gradus", OPENBLAS, ONEDNN)]
        ratios = [f"{times[name] / times['Gradus']:.2f} ×" for name in (OPENBLAS, ONEDNN)]
        print(f"| {shape[len('gemm/'):]} | " + " | ".join(speeds + ratios) + " |")


def cpuinfo(field):
    """What the kernel says of the first processor, "" where it says nothing by that name."""
    with open("/proc/cpuinfo", encoding="utf-8") as lines:
        return next((line.split(":")[1].strip() for line in lines if line.startswith(field)), "")


def cpu_flags():
    return set(cpuinfo("flags").split())


def machine():
    packages = ["libtorch-dev", "libopenblas0-openmp", "libdnnl-dev", "g++"]
    versions = subprocess.run(["dpkg-query", "-W", "-f=${Package} ${Version}, ", *packages], capture_output=True,
                              text=True, check=False).stdout.rstrip(", ")
    model = cpuinfo("model name") or "unknown"
    return f"{model}, {len(os.sched_getaffinity(0))} processors; {versions}"


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("gradus", help="the program peers_gradus")
    parser.add_argument("peers", help="the folder of the programs libtorch, openblas and onednn")
    parser.add_argument("--rounds", type=positive, default=25, help="how often each is measured (default: %(default)s)")
    parser.add_argument("--milliseconds", type=positive, default=10, help="how long each time (default: %(default)s)")
    parser.add_argument("--only", default=".", metavar="REGEX",
                        help="only the works whose names match (step, gemm/small)")
    parser.add_argument("--write", metavar="FILE",
                        help="puts the table between the lines <!-- speed --> and <!-- end of speed --> of a file")
    comparison = Comparison(parser.parse_args())
    options = comparison.options
    if options.write and options.only != ".":
        parser.error("--write is for the whole table, not for --only")

    listing = subprocess.run([options.gradus, "flops"], stdout=subprocess.PIPE, text=True, check=True).stdout
    flops = {name: float(count) for name, count in (line.split() for line in listing.splitlines())}
    shapes = [name for name in flops if name.startswith("gemm/") and re.search(options.only, name)]
    load = os.getloadavg()[0]
    table = Table()
    for work, (title, *floors) in WORKS.items():
        if not re.search(options.only, work):
            continue
        for threads, floor in zip((1, 2), floors):
            if threads == 2 and floor is None:
                continue
            times = comparison.against(work, threads, [LIBTORCH, KEEPING])
            table.add(title, LIBTORCH, threads, times["Gradus"], times[LIBTORCH], floor, times[KEEPING])
    comparison.check_libraries()
    if shapes:
        gemm_rows(comparison, table, shapes)
    # GFLOP/s: of one thread, and of two, which may be less than twice as many where two processors share a core.
    peak, peak_of_two = (threads * flops["peak"] / comparison.measure([(comparison.gradus, "peak", threads)])[0]
                         for threads in (1, 2))
    if ("importance", 2) in comparison.times:
        table.add(WORKS["importance"][0], "FMA peak", 2, comparison.times["importance", 2]["Gradus"],
                  flops["importance"] / peak_of_two, PEAK_SHARE)

    disturbed = 100 * comparison.disturbed_rounds / comparison.rounds
    heading = (f"Medians of {options.rounds} alternating measurements of {options.milliseconds} ms each, load "
               f"{load:.1f} before the first, {disturbed:.0f} % of all rounds, with those of trials, beside a busy "
               f"neighbour.\n{machine()}\n")
    if comparison.core:
        heading += f"OpenBLAS, also libtorch's, with {comparison.core}.\n"
    text = f"{heading}\n{table.text()}"
    print(text, end="")
    if options.write:
        write_between(options.write, "speed", text)
    print(f"\nFMA peak of one thread: {peak:.1f} GFLOP/s, of two: {peak_of_two:.1f}.", end="")
    if ("step/book", 1) in comparison.times:
        speed = flops["step/book"] / comparison.times["step/book", 1]["Gradus"]
        print(f" The book's step on one thread: {speed:.1f} GFLOP/s, {100 * speed / peak:.0f} % of it.", end="")
    print()
    if shapes:
        print_gemm(comparison, shapes, flops)
    sys.exit(1 if table.missed else 0)


if __name__ == "__main__":
    main()
