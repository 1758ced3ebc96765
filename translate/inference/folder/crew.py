"""Several processes at one folder, started together by `accelerate launch` or `torchrun`.

They talk through the store that PyTorch's launchers set up, and not through collective operations:
shares may take hours, and whoever waits in a collective for a process that is gone waits in vain.
Here every process shows at intervals that it is alive, and nobody waits for one that does not.
"""

import base64
import json
import time
import zlib
from collections.abc import Sequence
from typing import Any, Self

from translate import heartbeat
from translate.errors import DataError, TranslateError
from translate.heartbeat import ENDED, Heartbeat
from translate.inference.folder.entries import Output
from translate.inference.folder.jobs import Job

GONE_SECONDS = 90.0  # without a sign of life; a loaded disk or a swapping machine may take a while
HURRIED_SECONDS = 10.0  # torchrun kills what has not ended half a minute after its first signal
LOOK_SECONDS = 0.1
MOST_LETTERS = 4 * 2**20  # in one value: PyTorch's store hangs up at 8 MiB


class SaidElsewhereError(DataError):
    """Process 0 refused to start, and has said why."""


class Crew:
    """The processes of one run, seen by one of them.

    Attributes:
        rank: The number of this process; 0 plans and reports.
        size: How many there are.

    Raises:
        TranslateError: The others did not appear.
    """

    def __init__(self) -> None:
        self._heart = Heartbeat("photo-translate")
        self.rank, self.size = self._heart.rank, self._heart.size
        self._is_hurried = False

    def __enter__(self) -> Self:
        self._heart.__enter__()
        return self

    def __exit__(self, *error: object) -> None:
        self._heart.__exit__(*error)

    def hurry(self) -> None:
        """Wait less long for who may be gone: this process was asked to stop."""
        self._is_hurried = True

    def hand_out(self, jobs: Sequence[Job]) -> list[list[Job]]:
        """Give every process its share, which process 0 does; return all of them."""
        shares = [list(jobs[rank :: self.size]) for rank in range(self.size)]
        for rank, share in enumerate(shares):
            self._put(f"share {rank}", {"jobs": share})
        return shares

    def refuse(self, reason: str) -> None:
        """Tell all others that there is nothing to do, which process 0 does."""
        for rank in range(1, self.size):
            self._put(f"share {rank}", {"refused": reason})

    def receive(self) -> list[Job]:
        """Wait for the share of this process.

        Raises:
            SaidElsewhereError: There is none.
            TranslateError: Process 0 is gone.
        """
        answer = self._await(f"share {self.rank}", 0)
        if answer is None:
            raise TranslateError("process 0 is gone, and nothing was translated.")
        if "refused" in answer:
            raise SaidElsewhereError(answer["refused"])
        return [
            Job(name, tuple(outputs), tuple(Output(*output) for output in ours))
            for name, outputs, ours in answer["jobs"]
        ]

    def report(self, text: str) -> str | None:
        """Give process 0 a report, and wait for the one it makes of all; None: it is gone."""
        self._put(f"report {self.rank}", text)
        merged: str | None = self._await("merged", 0)
        self._put(f"thanks {self.rank}", "")
        return merged

    def collect(self) -> dict[int, str | None]:
        """Wait for the reports of all others; None for those that are gone."""
        return {rank: self._await(f"report {rank}", rank) for rank in range(1, self.size)}

    def publish(self, text: str, readers: Sequence[int]) -> None:
        """Hand the merged report to the others, and stay until they have it."""
        self._put("merged", text)
        for rank in readers:
            self._await(f"thanks {rank}", rank)

    def _put(self, key: str, value: Any) -> None:
        packed = base64.b64encode(zlib.compress(json.dumps(value).encode(), 1)).decode()
        pieces = [packed[i : i + MOST_LETTERS] for i in range(0, len(packed), MOST_LETTERS)]
        for number, piece in enumerate(pieces):
            self._heart.put(f"{key}: {number}", piece)
        self._heart.put(key, str(len(pieces)))  # last: now all are there

    def _await(self, key: str, rank: int) -> Any:
        """Wait for what a process says; None once it is gone."""
        while not self._heart.has(key):
            if not self._is_alive(rank):
                return None
            time.sleep(LOOK_SECONDS)
        count = int(self._heart.get(key))
        pieces = [self._heart.get(f"{key}: {number}") for number in range(count)]
        return json.loads(zlib.decompress(base64.b64decode(b"".join(pieces))))

    def _is_alive(self, rank: int) -> bool:
        sign, seconds = self._heart.silence_of(rank)
        if sign is None:
            return False  # the store itself is gone, and process 0 with it
        patience = GONE_SECONDS if sign else heartbeat.GATHER_SECONDS
        patience = HURRIED_SECONDS if self._is_hurried else patience
        return sign != ENDED and seconds < patience
