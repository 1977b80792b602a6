"""700 parameter files as people mistype them: each is refused in Chinese, or read whole."""

import pytest
from mutations import examine, mutants, unread

from perfkit.scoring.params import read_department


@pytest.mark.parametrize("seed", range(7))
def test_what_is_typed_is_read_or_refused(tmp_path, seed):
    path = tmp_path / "params" / "x.yaml"
    path.parent.mkdir()
    odd, accepted = [], 0
    for number, (names, content) in enumerate(mutants(seed, 100)):
        wrong, read = examine(path, content)
        odd += [f"{number} {names}：{what}" for what in wrong]
        accepted += read
    assert odd == []
    assert 0 < accepted < 100  # both kinds are among them


@pytest.mark.parametrize(
    ("read", "typed"),
    [
        ("name: 甲\n", "name: 甲 #乙\n"),
        ("budget: '40'\n", "budget: 1,40\n"),
        ("objective: 服务示例区\n", "objective: 服务示例区, 追加: 1\n"),
        ("rate: 97.5%\n", "rate: 97.5% # 2\n    remark: 3\n"),
    ],
)
def test_the_check_sees_what_a_record_lacks(filing, read, typed):
    path = filing()
    department, _ = read_department(path)
    text = path.read_text(encoding="utf-8")
    assert list(unread(text.encode(), department)) == []
    assert list(unread(text.replace(read, typed, 1).encode(), department)) != []
