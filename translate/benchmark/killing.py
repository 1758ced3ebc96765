"""What is left of a folder whose translation is killed again and again?"""

import json
import random
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path
from typing import Any

from translate.benchmark.folders import paper_bundle, write_photos
from translate.images import UNFINISHED_SUFFIX


def measure_killed(photos: int, kills: int, seed: int = 0) -> dict[str, Any]:
    """Kill the command with SIGKILL at random moments, start it again each time, then let it end.

    Photos go through the network one by one: who shares a call of it differs after a kill, and with
    it the last bit of what bfloat16 computes.
    """
    with tempfile.TemporaryDirectory() as folder:
        scratch = Path(folder)
        bundle = paper_bundle(scratch / "bundle", base_channels=8, blocks=2)
        write_photos(scratch / "photos", photos, side_px=96)
        options = ["--model", str(bundle), "--batch-size", "1"]
        command = [sys.executable, "-m", "translate", "photos"]
        quiet: dict[str, Any] = {"cwd": scratch, "stdout": subprocess.DEVNULL}
        quiet["stderr"] = subprocess.DEVNULL
        took = []
        for _ in range(2):  # the second time all is done: what it takes is only to start
            start = time.perf_counter()
            subprocess.run([*command, "undisturbed", *options], **quiet, check=True)  # noqa: S603
            took.append(time.perf_counter() - start)
        work, start_up = took[0] - took[1], took[1]
        chance = random.Random(seed)  # noqa: S311 - no secret
        killed = 0
        for _ in range(kills):
            process = subprocess.Popen([*command, "out", *options], **quiet)  # noqa: S603
            time.sleep(start_up * 0.7 + work * chance.uniform(0, 2 / kills))
            killed += process.poll() is None
            process.kill()
            process.wait()
        subprocess.run([*command, "out", *options], **quiet, check=True)  # noqa: S603
        return {"photos": photos, "killed": killed, **_compare(scratch)}


def _compare(scratch: Path) -> dict[str, Any]:
    expected = {file.name: file.read_bytes() for file in (scratch / "undisturbed").glob("*.png")}
    found = {file.name: file.read_bytes() for file in (scratch / "out").glob("*.png")}
    lines = (scratch / "out" / ".photo-translate.jsonl").read_text().splitlines()
    entries = [json.loads(line) for line in lines[1:]]  # the first says what the file is
    done = Counter(entry["input"] for entry in entries if not entry["error"])
    return {
        "missing": len(expected.keys() - found.keys()),
        "different": sum(found.get(name) != content for name, content in expected.items()),
        "temporaries_left": len(list((scratch / "out").rglob(f".*{UNFINISHED_SUFFIX}"))),
        "translated_twice": sum(times > 1 for times in done.values()),
    }
