"""What the user can mend (错误): faults with their place, and the system's reasons in Chinese."""

from __future__ import annotations

import errno
from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True, order=True)
class Fault:
    """One thing wrong in a file: the file, the line (1-based, 0 if unknown), and what to do.

    In a workbook *cell* names the place (工作表“项目”C7), and the line only orders the faults.
    """

    file: str
    line: int
    message: str
    cell: str = ""

    def __str__(self) -> str:
        """``params/x.yaml:12：message``, ``params/x.xlsx 工作表“项目”C7：message``."""
        if self.cell:
            return f"{self.file} {self.cell}：{self.message}"
        place = f"{self.file}:{self.line}" if self.line else self.file
        return f"{place}：{self.message}"


class PerfkitError(Exception):
    """What the user can mend: one or more faults, each with its place."""

    def __init__(self, faults: Iterable[Fault] | str) -> None:
        """With *faults* in the order of their lines, or with one that has no place."""
        self.faults = (
            (Fault("", 0, faults),) if isinstance(faults, str) else tuple(sorted(set(faults)))
        )
        super().__init__("\n".join(str(f).removeprefix("：") for f in self.faults))

    def _render_traceback_(self) -> list[str]:
        """What a notebook shows of it: the faults alone, no line of any program."""
        return str(self).splitlines()


REASONS = {
    errno.ENOENT: "没有这个文件或文件夹",
    errno.EISDIR: "这是文件夹",
    errno.ENOTDIR: "路径中有一段不是文件夹",
    errno.EACCES: "没有权限，或正被别的程序使用",
    errno.EPERM: "没有权限",
    errno.EROFS: "磁盘只能读",
    errno.ENOSPC: "磁盘满了",
    errno.ENAMETOOLONG: "名称太长",
    errno.EEXIST: "已有同名的文件",
    errno.ELOOP: "链接绕成了圈",
    errno.EFBIG: "文件太大",
    errno.EIO: "磁盘或网络出错",
    errno.EADDRINUSE: "已被别的程序使用",
}
"""Why the system refuses what analysts ask of it; its own words are English."""


def system_reason(error: OSError) -> str:
    """The reason that the system gives, in Chinese where it is a common one."""
    return REASONS.get(error.errno or 0) or error.strerror or str(error)
