"""Configurations as a hostile stranger would write them, and a child process that is watched while gni reads one.

A case is a payload (YAML text, or a whole layout of files) in a place (an experiment, a file of a group, a main file,
the target of a defaults list, a job of a sweep, a folder of the search path, the saved configuration of a run).
"""

import contextlib
import io
import itertools
import json
import os
import resource
import shutil
import signal
import sys
import time
from pathlib import Path

import yaml

from gnicli.cli import main

SECRET = "hunter2-9f81c"
SECONDS = 10  # of computing; on a busy machine they take longer
PATIENCE = 100
BYTES = 1 << 30
PLACES = ("experiment", "group", "main", "nested", "sweep", "searchpath", "saved")
CODES = (0, 1, 2, 3, 4, 5, 6)  # docs/conventions.md, signals aside
_GLOBAL = "# @package _global_\n"


def _hydra(text):
    return "hydra:\n" + "".join(f"  {line}\n" for line in text.splitlines())


def _laughs(levels):
    lines = ["a0: &a0 [lol,lol,lol,lol,lol,lol,lol,lol,lol]"]
    lines += [f"a{n}: &a{n} [{','.join([f'*a{n - 1}'] * 9)}]" for n in range(1, levels)]
    return "\n".join(lines) + "\n"


def _doublings(n):
    """One text that doubles n times when it is resolved."""
    lines = [f"    k{i}: '${{dataset.sha256.k{i + 1}}}${{dataset.sha256.k{i + 1}}}'" for i in range(n)]
    return "dataset:\n  sha256:\n" + "\n".join([*lines, f"    k{n}: lol"]) + "\n"


# What may not happen, by name. {OUT}: a folder outside of the output root, {SECRET}: a file there; {PORT}: a server.
PAYLOADS = {
    # code
    "popen handler": _hydra(
        "job_logging:\n  version: 1\n  handlers:\n    x: {class: subprocess.Popen, args: 'id > {OUT}/x', shell: true}\n"
        "  root:\n    handlers: [x]"
    ),
    "callable handler": _hydra("hydra_logging:\n  version: 1\n  handlers:\n    x: {'()': os.system, command: id}"),
    "file handler": _hydra(
        "job_logging:\n  version: 1\n  handlers:\n    x: {class: logging.FileHandler, filename: '{OUT}/x'}\n"
        "  root:\n    handlers: [x]"
    ),
    "socket handler": _hydra(
        "hydra_logging:\n  version: 1\n  handlers:\n"
        "    x: {class: logging.handlers.SocketHandler, host: 127.0.0.1, port: {PORT}}\n  root:\n    handlers: [x]"
    ),
    "callback": _hydra("callbacks:\n  x: {_target_: subprocess.check_call, args: [touch, '{OUT}/x']}"),
    "launcher": _hydra("launcher: {_target_: subprocess.check_call, args: [touch, '{OUT}/x']}"),
    "sweeper": _hydra("mode: MULTIRUN\nsweeper: {_target_: hydra_plugins.x.X, params: {M: '1,2'}}"),
    "target": "network: {_target_: os.system, command: 'touch {OUT}/x'}\n",
    "python tag": "lr: !!python/object/apply:os.system ['touch {OUT}/x']\n",
    "python name": "loss: !!python/name:os.system\n",
    "path": _hydra("job:\n  env_set: {PATH: '{OUT}/bin'}"),
    "preload": _hydra("job:\n  env_set: {LD_PRELOAD: '{OUT}/x.so', PYTHONSTARTUP: '{OUT}/x.py'}"),
    "chdir": _hydra("job:\n  chdir: true"),
    "search path": _hydra("searchpath: ['pkg://os', 'file://{OUT}']"),
    "header": "# @package hydra.job\nenv_set: {PATH: '{OUT}/bin'}\n",
    "header in brackets": "# @package [hydra].job\nenv_set: {PATH: '{OUT}/bin'}\n",
    "swept hydra": _hydra("mode: MULTIRUN\nsweeper:\n  params:\n    hydra.job.env_set.PATH: '{OUT}/bin'\n    M: 1,2"),
    "swept package": _hydra("mode: MULTIRUN\nsweeper:\n  params:\n    experiment@hydra.job: mine\n    M: 1,2"),
    "default of hydra": "defaults:\n  - override /hydra/job_logging: default\n",
    "default placed": "defaults:\n  - /arm@hydra.job: M1\n",
    "default placed from the top": "defaults:\n  - /arm@_global_.hydra.job: M1\n",
    # secrets
    "environment": "loss: ${oc.env:GNI_SECRET}\n",
    "environment, deep": "loss: ${oc.decode:${oc.env:GNI_SECRET}}\n",
    "environment, escaped": "loss: \\${oc.env:GNI_SECRET}\n",
    "environment, in two parts": "dataset:\n  name: ${run.dir}{oc.env:GNI_SECRET}\nrun:\n  dir: $\n",
    "environment, as a key": "dataset:\n  ${oc.env:GNI_SECRET}: 1\n",
    "environment, in a list": "functions: [1, '${oc.env:GNI_SECRET}']\n",
    "environment, in YAML's escapes": 'loss: "\\x24{oc.env:GNI_SECRET}"\n',
    "environment, in a default": "defaults:\n  - override /noise: ${oc.env:GNI_SECRET}\n",
    "environment, swept": _hydra("mode: MULTIRUN\nsweeper:\n  params:\n    loss: ${oc.env:GNI_SECRET},mse"),
    "environment, in Hydra's escapes": _hydra(
        "mode: MULTIRUN\nsweeper:\n  params:\n    loss: '$\\{oc.env\\:GNI_SECRET},x'"
    ),
    "environment, copied": _hydra("job:\n  env_copy: [GNI_SECRET]"),
    "environment, sent": "dataset:\n  mirrors: ['http://127.0.0.1:{PORT}/${oc.env:GNI_SECRET}']\n",
    "hydra's keys": "loss: ${hydra:runtime.cwd}\n",
    "hydra's keys by climbing": "loss: ${.hydra.runtime.cwd}\n",
    "link to a secret": lambda path, out: path.symlink_to(out / "secret.yaml"),
    # places
    "root": "run: {root: '{OUT}/x'}\n",
    "root, climbing": "run: {root: ../../../../x}\n",
    "dir": "run: {dir: '{OUT}/x'}\n",
    "hydra's dir": _hydra("run: {dir: '{OUT}/x'}"),
    "subdir": _hydra("mode: MULTIRUN\nsweep: {subdir: '{OUT}/x'}\nsweeper: {params: {M: '1,2'}}"),
    "subdir, climbing": _hydra("mode: MULTIRUN\nsweep: {subdir: ../../../../x}\nsweeper: {params: {M: '1,2'}}"),
    "sweep's dir": _hydra("mode: MULTIRUN\nsweep: {dir: '{OUT}/x'}\nsweeper: {params: {M: '1,2'}}"),
    "output subdir": _hydra("output_subdir: '{OUT}/x'"),
    "gni's resolver": "loss: ${gni_folder:{OUT}/x,null,train,x,sweep,true}\n",
    "gni's resolver as a folder": _hydra("run:\n  dir: ${gni_folder:{OUT}/x,null,train,x,run,true}"),
    "swept dir": _hydra("mode: MULTIRUN\nsweeper:\n  params:\n    run.root: '{OUT}/a,{OUT}/b'"),
    # hangs and bombs
    "laughs, 9": _laughs(9),
    "laughs, 5": _laughs(5),
    "circle": "a: &a [*a]\n",
    "deep": "a: " + "[" * 3000 + "]" * 3000 + "\n",
    "deep, by lines": "".join(" " * n + "a:\n" for n in range(300)),
    "long number": "M: " + "9" * 5000 + "\n",
    "sexagesimal": "M: 1" + ":59" * 5000 + "\n",
    "merge keys": "a: &a {b: 1}\nc:\n  <<: *a\n",
    "too long": "# " + "x" * 200_000 + "\nlr: 1\n",
    "too many": "a: [" + "1," * 20_000 + "]\n",
    "doublings": _doublings(40),
    "reference to itself": "lr: ${lr}\n",
    "references in a circle": "lr: ${M}\nM: ${lr}\n",
    "jobs": _hydra("mode: MULTIRUN\nsweeper: {params: {seed: range(100000)}}"),
    "jobs, multiplied": _hydra("mode: MULTIRUN\nsweeper: {params: {seed: range(200), M: 'range(1,100)'}}"),
    "jobs, more than memory": _hydra("mode: MULTIRUN\nsweeper: {params: {seed: range(0,1e18)}}"),
    "jobs, step 0": _hydra("mode: MULTIRUN\nsweeper: {params: {seed: 'range(0,10,0)'}}"),
    "default of itself": "defaults:\n  - /experiment/mine\n",
    "pipe": lambda path, out: os.mkfifo(path),
    "device": lambda path, out: path.symlink_to("/dev/zero"),
    # no configuration
    "number": "5\n",
    "list": "- 1\n",
    "latin": "# \xe9\nlr: 0.1\n",
    "zero byte": "lr: 0.1\x00\n",
    "two documents": "lr: 0.1\n---\nlr: 0.2\n",
    "set": "lr: !!set {a}\n",
    "keys that are lists": "? [a, b]\n: 1\n",
    "params of a list": _hydra("mode: MULTIRUN\nsweeper: {params: [1, 2]}"),
    "mode": _hydra("mode: {a: 1}"),
    "defaults of a mapping": "defaults: {noise: add}\n",
    "climbing default": "defaults:\n  - override /noise: ../../../../{OUT}/secret\n",
}
CASES = [(payload, place) for payload, place in itertools.product(PAYLOADS, PLACES)]


def fill(text, out, port):
    return text.replace("{OUT}", str(out)).replace("{SECRET}", str(out / "secret.txt")).replace("{PORT}", str(port))


def written(case, folder, out, port, run):
    """Write the files of a case into `folder`; returns the words. `run` is a run folder that can be resumed."""
    payload, place = PAYLOADS[case[0]], case[1]

    def put(path, head=""):
        path.parent.mkdir(parents=True, exist_ok=True)
        if callable(payload):
            payload(path, out)
            return
        own = payload.startswith("# @package")
        path.write_bytes((("" if own else head) + fill(payload, out, port)).encode("latin-1"))

    good = folder / "experiment" / "good.yaml"
    good.parent.mkdir(parents=True)
    good.write_text(_GLOBAL + "lr: 0.5\n")
    words = ["train", "steps=1", "threads=1"]
    if place == "group":
        put(folder / "noise" / "mine.yaml", _GLOBAL)
        return [*words, "-cd", str(folder), "noise=mine"]
    if place == "main":
        put(folder / "mine.yaml")
        return [*words, "-cp", str(folder), "-cn", "mine"]
    if place == "nested":
        put(folder / "arm" / "mine.yaml", _GLOBAL)
        (folder / "experiment" / "mine.yaml").write_text(_GLOBAL + "defaults:\n  - /arm: mine\n")
        return [*words, "--config-dir", str(folder), "experiment=mine"]
    if place == "saved":
        copy = folder / "run"
        shutil.copytree(run, copy)
        saved = copy / ".hydra" / "config.yaml"
        before = saved.read_text()
        saved.unlink()
        put(saved)
        if not callable(payload):
            saved.write_bytes(_merged(before, saved.read_bytes()))
        return ["resume", str(copy)]
    put(folder / "experiment" / "mine.yaml", _GLOBAL)
    if place == "sweep":
        return [*words, "-m", "-cd", str(folder), "experiment=good,mine"]
    if place == "searchpath":
        return [*words, f"hydra.searchpath=[file://{folder}]", "experiment=mine"]
    return [*words, "-cd", str(folder), "experiment=mine"]


def _merged(before, payload):
    """A saved configuration with a payload in it: key by key where the payload is short and plain, else appended."""
    plain = b"&" not in payload and b"!!" not in payload and len(payload) < 2000
    with contextlib.suppress(yaml.YAMLError, UnicodeDecodeError, ValueError, TypeError):
        found = yaml.safe_load(payload.decode()) if plain else None
        if isinstance(found, dict):
            config = yaml.safe_load(before)
            for key, value in found.items():
                if isinstance(value, dict) and isinstance(config.get(key), dict):
                    config[key].update(value)
                else:
                    config[key] = value
            return yaml.safe_dump(config).encode()
    return before.encode() + payload


def watched(words, cwd, allowed, prepare):
    """Run gni in a child of this process; returns what it did.

    It may take `SECONDS` (`PATIENCE` on the clock) and `BYTES` more than now.

    `allowed` are the folders that it may write to; `prepare` is called in the child first.
    """
    report = Path(cwd) / "report.json"
    pid = os.fork()
    if pid == 0:
        try:
            _child(words, cwd, allowed, prepare, report)
        finally:
            os._exit(99)
    end, status = time.monotonic() + PATIENCE, None
    while time.monotonic() < end and status is None:
        done, found = os.waitpid(pid, os.WNOHANG)
        status = found if done else None
        time.sleep(0.01)
    if status is None:
        os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)
        return {"code": "still running", "out": "", "err": "", "did": []}
    return (
        json.loads(report.read_text()) if report.exists() else {"code": status, "out": "", "err": "", "did": ["died"]}
    )


def _child(words, cwd, allowed, prepare, report):
    out, err, did, watching = io.StringIO(), io.StringIO(), [], [True]
    sys.stdout, sys.stderr, sys.dont_write_bytecode = out, err, True
    os.chdir(cwd)
    prepare()
    used = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
    resource.setrlimit(resource.RLIMIT_AS, (used + BYTES, used + BYTES))
    resource.setrlimit(resource.RLIMIT_CPU, (SECONDS, SECONDS))
    roots = [str(folder) for folder in allowed]

    def is_allowed(path):
        if not isinstance(path, str | bytes | os.PathLike):
            return True  # a file that is open already
        real = os.path.realpath(os.fsdecode(path))
        # torch makes a folder for its compiler as soon as it is asked for an optimizer.
        return real.startswith(("/dev/", "/tmp/torchinductor_")) or any(
            real == root or real.startswith(root + "/") for root in roots
        )

    writing = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND
    started = {"subprocess.Popen", "os.system", "os.exec", "os.posix_spawn", "os.fork", "os.forkpty", "os.spawn"}
    changed = {
        "os.mkdir",
        "os.rename",
        "os.remove",
        "os.rmdir",
        "os.link",
        "os.symlink",
        "os.truncate",
        "shutil.rmtree",
    }

    def hook(event, args):
        if not watching[0]:
            return
        if event == "os.putenv":
            if os.fsdecode(args[0]) in ("PATH", "LD_PRELOAD", "PYTHONSTARTUP", "GNI_SECRET"):
                did.append(f"{event} {args!r:.200}")
        elif event in started or event in ("socket.connect", "socket.getaddrinfo", "os.chdir"):
            did.append(f"{event} {args!r:.200}")
        elif event == "open" and isinstance(args[2], int) and args[2] & writing and not is_allowed(args[0]):
            did.append(f"opened for writing: {args[0]!r}")
        elif event in changed and not all(is_allowed(path) for path in args if isinstance(path, str | bytes)):
            did.append(f"{event} {args!r:.200}")

    sys.addaudithook(hook)
    try:
        code = main(words)
    except BaseException as error:
        code = f"{type(error).__name__}: {error}"
    watching[0] = False
    report.write_text(json.dumps({"code": code, "out": out.getvalue(), "err": err.getvalue(), "did": did}))
    os._exit(0)
