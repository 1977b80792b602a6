"""Which files of a folder are parameter files, and which names no report can have."""

import os

import pytest

from perfkit.batch.inputs import parameter_files, refused


@pytest.fixture
def folder(tmp_path):
    """A folder with empty files of some names; of those that end in a slash, folders."""

    def make(*names):
        for name in names:
            path = tmp_path / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(b"")
        return tmp_path

    return make


def test_what_is_passed_over_is_named(folder):
    files, passed = parameter_files(
        folder(
            "a.yaml", "b.yml", "C.YAML", "d.yaml.txt", "台账.xlsx", "~$台账.xlsx", "~$a.yaml",
            ".hidden.yaml", "2022/a.yaml", "pictures/a.png",
        )
    )  # fmt: skip
    assert sorted(path.name for path in files) == ["C.YAML", "a.yaml", "b.yml"]
    assert sorted(passed) == [
        "2022/（子文件夹）",
        "d.yaml.txt（请改名为 d.yaml）",
        "~$a.yaml（Office 的临时文件）",
        "~$台账.xlsx（Office 的临时文件）",
        "台账.xlsx（工作簿，请用 perfkit import 读入，或写明它的文件名）",
    ]


@pytest.mark.parametrize(
    ("names", "reason"),
    [
        (["index.yaml"], "perfkit 自己用的"),
        (["Summary.yml"], "perfkit 自己用的"),
        (["perfkit.yaml"], "perfkit 自己用的"),
        (["reviews.yaml"], "perfkit 自己用的"),
        (["CON.yaml"], "在 Windows 上是设备名"),
        (["nul.2023.yaml"], "在 Windows 上是设备名"),
        (["a?.yaml"], "文件名里有 '?'"),
        (["a\n.yaml"], r"文件名里有 '\n'"),
        (["a .yaml"], "首尾有空格或句点"),
        (["a..yaml"], "首尾有空格或句点"),
        (["a.failed.yaml"], "会与出错报告的网页混淆"),
        (["x" * 250 + ".yaml"], "文件名太长"),
        (["汉" * 71 + ".yaml"], "文件名太长"),
        (["a.csv"], "应以 .yaml 结尾"),
        (["a.yaml.txt"], "请改名为 a.yaml"),
        (["a.yaml", "a.yml"], "同名"),
        (["a.yaml", "A.yaml"], "同名"),
        (["2022/a.yaml", "2023/a.yaml"], "同名"),
    ],
    ids=lambda value: "、".join(value)[:20] if isinstance(value, list) else "",
)
@pytest.mark.skipif(os.name == "nt", reason="no such file can be there")
def test_a_name_that_no_report_can_have_is_refused(folder, names, reason):
    root = folder("fine.yaml", *names)
    found = refused([root / "fine.yaml", *(root / name for name in names)])
    assert set(found) == {root / name for name in names}
    assert all(reason in words for words in found.values())


@pytest.mark.parametrize(
    "name", ["a.yaml", "A-2.YAML", "a.b.yml", "indexes.yaml", "汉" * 70 + ".yaml"]
)
def test_other_names_are_taken(folder, name):
    path = folder(name) / name
    assert refused([path, path]) == {}


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="a pipe is no file there")
def test_what_is_no_file_is_not_waited_for(tmp_path):
    os.mkfifo(tmp_path / "pipe.yaml")
    (tmp_path / "folder.yaml").mkdir()
    files, _ = parameter_files(tmp_path)
    assert set(refused(files).values()) == {"不是普通文件"}
