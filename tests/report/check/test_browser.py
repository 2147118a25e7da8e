"""The page in a browser: nothing of it is scrolled sideways, however narrow and unfolded."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import tarfile
from html import escape, unescape
from pathlib import Path
from typing import Any

import pytest

from collide.cli.main import main
from corpus import download
from reports import everything, finding, of, rendered

CHROMIUM = shutil.which("chromium")
pytestmark = [
    pytest.mark.corpus,
    pytest.mark.skipif(CHROMIUM is None, reason="no chromium; apt-get install chromium has it"),
]

SIX = (
    *("h5py==3.16.0", "lxml==6.1.3", "pillow==13.0.0"),
    *("psycopg2-binary==2.9.13", "rasterio==1.4.4", "xmlsec==1.3.17"),
)

# The frame has the width of a telephone or of a desk; what is read of it is put into the title.
_FRAME = """<!DOCTYPE html><title></title>
<iframe id="f" width="{width}" height="800" style="border: 0" srcdoc="{page}"></iframe>
<script>
const wide = (d) => [d.documentElement, ...d.querySelectorAll("*")].filter(
  (e) => e.scrollWidth > e.clientWidth + 1 && e.clientWidth > 1
    && (e === d.documentElement || getComputedStyle(e).overflowX === "auto"),
).map((e) => e.tagName + "." + e.className + " " + e.scrollWidth + ">" + e.clientWidth);
f.onload = () => {{
  const d = f.contentDocument, told = {{closed: wide(d), height: d.documentElement.scrollHeight}};
  d.querySelectorAll("details").forEach((e) => {{ e.open = true; }});
  told.open = wide(d);
  told.unfolded = d.documentElement.scrollHeight;
  told.main = d.querySelectorAll("main").length;
  document.title = JSON.stringify(told);
}};
</script>"""


def _loaded(page: str, place: str, directory: Path) -> str:
    """The page as it is in the browser once it is opened at a place of it."""
    path = directory / "page.html"
    path.write_text(page)
    return _dumped(f"{path.as_uri()}{place}", directory)


def _dumped(uri: str, directory: Path) -> str:
    options = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"]
    run = subprocess.run(
        [str(CHROMIUM), *options, f"--user-data-dir={directory}/profile", "--dump-dom",
         "--virtual-time-budget=10000", "--window-size=1400,900", uri],
        capture_output=True, text=True, check=True, timeout=120,
    )  # fmt: skip
    title = re.search("<title>(.*?)</title>", run.stdout)
    assert title is not None
    return unescape(title[1])


def test_cause_that_a_row_leads_to_is_open(tmp_path: Path) -> None:
    """Its inside has a height then, though nobody has unfolded it; that of another has none."""
    script = """onload = () => { document.title = JSON.stringify(
      [...document.querySelectorAll(".cause dl")].map((e) => e.checkVisibility(
        {contentVisibilityAuto: true})).slice(0, 2)); };"""
    page = _with_script(script)
    assert _loaded(page, "#cause-1", tmp_path) == "[true,false]"
    assert _loaded(page, "", tmp_path) == "[false,false]"


def _with_script(script: str) -> str:
    """The page with a script, and without the policy that would let none run."""
    policy = re.compile('<meta http-equiv="Content-Security-Policy"[^>]*>')
    page = policy.sub("", rendered("html", everything()))
    return page.replace("</body>", f"<script>{script}</script></body>")


@pytest.fixture(scope="module")
def axe(tmp_path_factory: pytest.TempPathFactory) -> str:
    """The source of axe-core, the checker of accessibility, from the registry of npm."""
    if shutil.which("npm") is None:
        pytest.skip("no npm: apt install npm")
    directory = tmp_path_factory.mktemp("axe")
    command = ["npm", "pack", "--silent", "axe-core@4"]
    subprocess.run(command, cwd=directory, check=True, capture_output=True, timeout=120)
    (archive,) = directory.glob("*.tgz")
    with tarfile.open(archive) as packed:
        member = packed.extractfile("package/axe.min.js")
        assert member is not None
        return member.read().decode()


def test_axe_has_nothing_to_say(axe: str, tmp_path: Path) -> None:
    run = """;onload = async () => { const found = await axe.run();
      document.title = JSON.stringify(found.violations.map((one) => one.id)); };"""
    assert _loaded(_with_script(axe + run), "#cause-1", tmp_path) == "[]"
    spoilt = _with_script(axe + run).replace('<html lang="en">', "<html>")
    assert _loaded(spoilt, "", tmp_path) == '["html-has-lang"]'


def _framed(page: str, width: int, directory: Path) -> dict[str, Any]:
    """What the frame tells of the page."""
    frame = directory / "frame.html"
    frame.write_text(_FRAME.format(width=width, page=escape(page)))
    told: dict[str, Any] = json.loads(_dumped(frame.as_uri(), directory))
    return told


def test_six_real_wheels_are_below_twelve_screens(tmp_path: Path) -> None:
    """What is folded away would be more."""
    page = tmp_path / "six.html"
    wheels = [str(download(spec)) for spec in SIX]
    assert main(["check", "--isolated", *wheels, "--format", "html", "-o", str(page)]) == 1
    told = _framed(page.read_text(), 1280, tmp_path)
    assert (told["closed"], told["open"]) == ([], [])
    assert 4 < told["height"] / 800 < 12 < told["unfolded"] / 800


@pytest.mark.parametrize("width", [390, 1280])
@pytest.mark.parametrize("name", ["everything", "long"])
def test_nothing_is_scrolled_sideways(name: str, width: int, tmp_path: Path) -> None:
    long = finding(victim=f"{'a' * 150}/{'b' * 150}.so", symbols=400, provider=f"/lib/{'c' * 200}")
    told = _framed(
        rendered("html", everything() if name == "everything" else of(long)), width, tmp_path
    )
    assert (told["closed"], told["open"], told["main"]) == ([], [], 1)
    assert told["height"] > 400
