#!/usr/bin/env python3
"""clang-tidy over every .cc of src/, in parallel; a file that passed unchanged is not run again.

A pass is remembered under the user's cache folder, keyed by the file, every header of ours, and
the configuration, so that a later run costs only what changed.
"""
import concurrent.futures
import hashlib
import os
import pathlib
import subprocess
import sys

TIDY = "clang-tidy-19"
BUILD = pathlib.Path("build-asan")


def cache_dir():
    base = os.environ.get("XDG_CACHE_HOME") or pathlib.Path.home() / ".cache"
    folder = pathlib.Path(base) / "tangram" / "tidy"
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def included(file, seen):
    """Our headers that `file` reaches, by its #include "..." lines."""
    for line in file.read_text(errors="replace").splitlines():
        if not line.startswith('#include "'):
            continue
        header = pathlib.Path("src") / line.split('"')[1]
        if header.exists() and header not in seen:
            seen.add(header)
            included(header, seen)
    return seen


def key_of(file, config):
    digest = hashlib.sha256(config)
    for part in sorted(included(file, set())) + [file]:
        digest.update(str(part).encode() + b"\0" + part.read_bytes())
    return digest.hexdigest()


def check(file, folder, config):
    passed = folder / key_of(file, config)
    if passed.exists():
        return 0, ""
    run = subprocess.run([TIDY, "--quiet", "-p", str(BUILD), str(file)],
                         capture_output=True, text=True, check=False)
    # Whoever edits meanwhile: what passed may not be what the key was made of.
    if run.returncode == 0 and passed.name == key_of(file, config):
        passed.touch()
    return run.returncode, run.stdout


def main():
    if not (BUILD / "compile_commands.json").exists():
        subprocess.run(["cmake", "--preset", "asan"], check=True, stdout=subprocess.DEVNULL)
    config = pathlib.Path(".clang-tidy").read_bytes()
    folder = cache_dir()
    chosen = [pathlib.Path(a) for a in sys.argv[1:]]
    files = chosen or sorted(f for f in pathlib.Path("src").rglob("*.cc")
                             if not f.stem.endswith("_test") and "testing" not in f.parts)
    failed = 0
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        jobs = {pool.submit(check, f, folder, config): f for f in files}
        for job in concurrent.futures.as_completed(jobs):
            code, output = job.result()
            if code != 0:
                failed += 1
                print(output.strip() or f"{jobs[job]}: clang-tidy failed")
    print(f"tidy: {len(files) - failed} files passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
