"""What the terminal shows of a running batch: a bar there, plain lines anywhere else."""

from __future__ import annotations

import sys
import time
from types import TracebackType
from typing import Any

from perfkit.batch.workers import Outcome


class Progress:
    """进度: done, failed, under way, and the time left.

    Args:
        total: how many reports are to be made.
        unchanged: how many need not be.
    """

    def __init__(self, total: int, unchanged: int) -> None:
        self._total, self._unchanged = total, unchanged
        self._done = self._failed = 0
        self._under_way: list[str] = []
        self._start = time.monotonic()
        self._bar: Any = None

    def __enter__(self) -> Progress:
        if self._total and sys.stdout.isatty():
            from rich.progress import BarColumn, Progress, TextColumn

            self._bar = Progress(
                TextColumn("{task.completed}/{task.total}"),
                BarColumn(),
                TextColumn("{task.description}"),
            )
            self._task = self._bar.add_task(self._words(), total=self._total)
            self._bar.start()
        elif self._total:
            print(f"要做 {self._total} 份，没有变化 {self._unchanged} 份", flush=True)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._bar is not None:
            self._bar.stop()

    def started(self, name: str) -> None:
        """A report is under way."""
        self._under_way.append(name)
        self._show()

    def ended(self, name: str, outcome: Outcome) -> None:
        """A report is made, or failed."""
        if name in self._under_way:
            self._under_way.remove(name)
        self._done += 1
        self._failed += outcome.kind != "done"
        if self._bar is None:
            state = "已生成" if outcome.kind == "done" else "未通过"
            print(
                f"[{self._done}/{self._total}] {name} {state}（{outcome.seconds:.1f} 秒）",
                flush=True,
            )
        self._show()

    def _show(self) -> None:
        if self._bar is not None:
            self._bar.update(self._task, completed=self._done, description=self._words())

    def _words(self) -> str:
        words = [f"未通过 {self._failed}", f"正在做 {len(self._under_way)}"]
        if self._done:
            spent = time.monotonic() - self._start
            left = spent / self._done * (self._total - self._done)
            words.append(f"还要 {left / 60:.0f} 分钟" if left >= 90 else f"还要 {left:.0f} 秒")
        if self._under_way:
            words.append(self._under_way[-1])
        return "，".join(words)
