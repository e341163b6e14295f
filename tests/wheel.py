"""Build the wheel, install it in a clean environment outside the checkout, and use it there. Run by `make wheel`."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import tempfile
import urllib.request
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
A_TEST = """
def test_a_phone_rings(ringback):
    account = ringback.account("kwickphone")
    hook = ringback.receiver()
    with account.client() as http:
        body = {"business_phone": "+13465551234", "webhook_url": hook.url}
        number = http.post("/v1/numbers", json=body).json()["phone_number"]
    ringback.call(to=number, caller="+12145559876")
    account.wait_for("call.completed")
    assert len(hook.events) == 1
"""


def run(*command: str | Path, cwd: Path, **environment: str) -> str:
    """Run a command to its end; what it printed. Exits when it fails."""
    print("$", " ".join(map(str, command)), flush=True)
    clean = {name: value for name, value in os.environ.items() if name not in ("PYTHONPATH", "VIRTUAL_ENV")}
    done = subprocess.run(
        list(map(str, command)), cwd=cwd, env={**clean, **environment}, text=True, capture_output=True
    )
    if done.returncode:
        print(done.stdout[-4000:], done.stderr[-4000:], sep="\n")
        sys.exit(f"failed with exit code {done.returncode}")
    return done.stdout


def serve_and_ask(ringback: Path, folder: Path) -> None:
    """The installed server answers, serves its contract, and ends cleanly."""
    ready = folder / "ready.json"
    server = subprocess.Popen(
        [ringback, "serve", "--port", "0", "--ready-file", ready], cwd=folder, text=True, stdout=subprocess.PIPE
    )
    try:
        assert server.stdout is not None
        while not ready.exists() and server.stdout.readline():
            pass
        base = json.loads(ready.read_text())["vendors"]["kwickphone"]["base_url"]
        with urllib.request.urlopen(f"{base}/openapi.json") as answer:
            assert json.load(answer)["openapi"].startswith("3.1")
        with urllib.request.urlopen(f"{base}/docs") as answer:
            assert b"listCalls" in answer.read()
        with urllib.request.urlopen(base.replace("/kwickphone", "/")) as answer:
            assert b"<html" in answer.read().lower()
    finally:
        server.send_signal(signal.SIGTERM)
        assert server.wait(20) == 0


def main() -> None:
    """Build, install, use."""
    with tempfile.TemporaryDirectory(prefix="ringback-wheel-") as name:
        folder = Path(name)
        run(sys.executable, "-m", "build", "--wheel", "--outdir", folder, ROOT, cwd=ROOT)
        (wheel,) = folder.glob("*.whl")
        run(sys.executable, "-m", "venv", folder / "venv", cwd=folder)
        bin_ = folder / "venv" / "bin"
        pip = (
            bin_ / "python",
            "-m",
            "pip",
            "install",
            "--quiet",
            "--disable-pip-version-check",
            "-c",
            ROOT / "constraints.txt",
        )
        run(*pip, wheel, cwd=folder)
        ringback = bin_ / "ringback"
        print(run(ringback, "--version", cwd=folder).strip())
        serve_and_ask(ringback, folder)
        held = json.loads(run(ringback, "scenario", "run", "kwickphone", "--json", cwd=folder))
        print(f"{len(held['scenarios'])} scenarios held")
        run(ringback, "demo", cwd=folder, NO_COLOR="1")
        run(*pip, f"{wheel}[conform]", cwd=folder)
        (folder / "test_it.py").write_text(A_TEST)
        print(run(bin_ / "python", "-m", "pytest", "-q", "test_it.py", cwd=folder).strip())
        verdicts = json.loads(run(ringback, "conform", "kwickphone", "--json", "-", cwd=folder))
        print(f"conformance of the installed emulator: {verdicts['summary']}")
        marker = run(bin_ / "python", "-c", "import ringback; print(ringback.__file__)", cwd=folder)
        assert str(folder) in marker, marker


if __name__ == "__main__":
    main()
