"""What an analyst sees in a real JupyterLab: Chinese, no dialog, no request to elsewhere, readable tables."""

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
SETTINGS = Path("share", "jupyter", "lab", "settings", "overrides.d", "perfkit.json")


def test_the_settings_of_jupyterlab_are_installed_with_the_package():
    installed = Path(sys.prefix) / SETTINGS
    current = json.loads((ROOT / "perfkit" / "lab.json").read_text(encoding="utf-8"))
    assert json.loads(installed.read_text(encoding="utf-8")) == current


@pytest.fixture(scope="module")
def lab(tmp_path_factory):
    """The address of a JupyterLab on a copy of the kit, as a user who has never opened it finds it."""
    folder = tmp_path_factory.mktemp("lab")
    for name in ("notebooks", "params"):
        shutil.copytree(ROOT / name, folder / name)
    home = folder / "home"
    own = {"HOME": str(home), "USERPROFILE": str(home), "JUPYTER_CONFIG_DIR": str(home / "config"),
           "JUPYTER_DATA_DIR": str(home / "data"), "JUPYTER_RUNTIME_DIR": str(home / "runtime"),
           "JUPYTERLAB_SETTINGS_DIR": str(home / "settings"), "IPYTHONDIR": str(home / "ipython"),
           "JUPYTERLAB_WORKSPACES_DIR": str(home / "workspaces")}  # fmt: skip
    options = ["--no-browser", "--allow-root", "--IdentityProvider.token=", "--ServerApp.port=0"]
    with (folder / "log").open("w+", encoding="utf-8") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "jupyterlab", *options, "notebooks/report.ipynb"],
            cwd=folder,
            stderr=log,
            env={**os.environ, **own},
        )
        try:
            while process.poll() is None:
                said = (folder / "log").read_text(encoding="utf-8")
                if found := re.search(r"http://127\.0\.0\.1:\d+/lab\S*", said):
                    break
            yield f"{found[0]}/tree/report.ipynb"  # what a browser is sent to
        finally:
            process.terminate()
            process.wait()


def test_the_template_runs_in_a_chinese_jupyterlab_and_its_tables_are_readable(browser, lab):
    page = browser.new_page(viewport={"width": 1500, "height": 1000})
    page.set_default_timeout(60_000)
    asked = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto(lab)
    page.get_by_text("| 空闲").first.wait_for()  # the kernel, in the bar below
    page.get_by_role("menuitem", name="运行", exact=True).click()
    assert page.get_by_role("menuitem", name="文件", exact=True).is_visible()
    assert page.locator(".jp-Dialog").count() == 0
    page.get_by_role("menuitem", name="运行所有单元格", exact=True).click()
    page.locator(".colophon").first.wait_for()  # the last cell, which JupyterLab goes to
    sheet = page.locator("table.sheet td").first
    sheet.scroll_into_view_if_needed()
    page.locator("table.data tbody th").first.scroll_into_view_if_needed()
    border = "cell => getComputedStyle(cell).borderTopStyle + getComputedStyle(cell).textAlign"
    assert page.locator("table.data tbody th").first.evaluate(border) == "solidleft"
    assert page.locator("table.data tbody td").first.evaluate(border) == "solidright"
    assert page.locator(".jp-Dialog").count() == 0
    assert page.locator(".Toastify__toast").count() == 0
    here = re.match(r"http://127\.0\.0\.1:\d+/", lab)[0]
    assert [url for url in asked if not url.startswith((here, "data:", "blob:"))] == []
    if folder := os.environ.get("PERFKIT_PICTURES"):
        page.wait_for_timeout(1000)
        page.screenshot(path=f"{folder}/lab.png")
        sheet.scroll_into_view_if_needed()
        page.wait_for_timeout(1000)
        page.screenshot(path=f"{folder}/lab-sheet.png")
    page.close()
