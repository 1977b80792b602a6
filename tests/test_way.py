"""The whole way of a filing, as a department and its reviewer go it: blank form to answered letter."""

import re

import way_example as way

from perfkit.review.record import read_review


def test_from_the_blank_form_to_the_answered_letter(tmp_path, browser, resaved):
    book = way.filled_in(tmp_path)
    resaved(book, tmp_path)  # the department saves it with LibreOffice
    (tmp_path / book.name).replace(book)
    told = way.reports(tmp_path, book)
    assert "生成 1 份报告" in told
    outputs = tmp_path / "outputs"
    made = {path.suffix for path in outputs.glob(f"{way.NAME}.*")}
    assert {".html", ".pdf", ".docx", ".ipynb"} <= made
    assert "99.98 分，优秀" in way.perfkit(tmp_path, "check", book)

    with way.served(tmp_path) as address:
        page = way.opened(browser, address)
        assert "99.98" in page.locator("main").inner_text()
        assert re.search(
            "工作表“自评”[A-Z][0-9]+", " ".join(page.locator(".notes").all_inner_texts())
        )
        way.reviewed(page)
        letter, told = way.answered(tmp_path)
        assert "收下 1 条新的答复" in told
        page.reload()
        page.wait_for_selector("html[data-ready]")
        note = page.locator(".note.remark", has_text=way.FINDING)
        assert way.ANSWER in note.inner_text()
        page.close()
    (remark,) = read_review(outputs, way.NAME).remarks
    assert [event["by"] for event in remark.thread] == ["李某"]
    assert letter.with_suffix(".xlsx").exists()
