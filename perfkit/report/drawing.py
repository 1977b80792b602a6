"""Figures of matplotlib: perfkit's own, drawn with few artists, and any figure as SVG.

The only module that draws. Nothing here depends on the reader's matplotlibrc,
and no text of perfkit's charts is measured: SVG aligns it.
"""

from __future__ import annotations

import base64
import contextlib
import io
import re
from collections.abc import Iterator, Mapping, Sequence
from html import escape
from typing import Any, Literal

import matplotlib as mpl
from matplotlib.artist import Artist, allow_rasterization
from matplotlib.axes import Axes
from matplotlib.backends.backend_svg import RendererSVG
from matplotlib.collections import PolyCollection
from matplotlib.figure import Figure
from matplotlib.patches import PathPatch
from matplotlib.path import Path
from matplotlib.text import Text
from matplotlib.transforms import Affine2D

FONTS = (
    # First the font that the text is measured with, which the PDF always has; a browser goes
    # on to the reader's own. Typst knows no sans-serif: without a name it knows, no text.
    "Noto Sans SC",
    "Microsoft YaHei",
    "Hiragino Sans GB",
    "Noto Sans CJK SC",
    "Source Han Sans SC",
    "sans-serif",
)
LINE_WIDTH = 0.6
ALT_LENGTH = 300

_SETTINGS: dict[str, Any] = {
    "svg.fonttype": "none",
    "svg.hashsalt": "perfkit",
    "svg.id": None,
    "hatch.linewidth": LINE_WIDTH,
    "figure.autolayout": False,
    "figure.constrained_layout.use": False,
    "path.sketch": None,
    "path.effects": [],
    "path.snap": True,
    "text.usetex": False,
    "text.parse_math": False,
    "savefig.transparent": False,
    "font.sans-serif": list(FONTS[:-1]),
}
"""What can't be said of an artist itself: all else of perfkit's charts is."""


@contextlib.contextmanager
def _set(settings: Mapping[str, Any]) -> Iterator[None]:
    """These settings for a while; matplotlib's own context copies all three hundred."""
    all_settings: Any = mpl.rcParams
    before = {name: all_settings[name] for name in settings}
    all_settings.update(settings)
    try:
        yield
    finally:
        all_settings.update(before)


_UNDATED = {"Date": None, "Creator": None, "Format": None, "Type": None}
_HEAD = re.compile(
    r"^.*?(?=<svg)|<metadata>.*?</metadata>\s*|<defs>\s*<style\b.*?</style>\s*</defs>\s*", re.DOTALL
)
_NAMED_GROUP = re.compile(r'<g id="[A-Za-z0-9]+_[0-9]+">')
_FAMILY = re.compile(r"(?<=font-family: )(?![^;\"]*'Noto Sans SC')[^;\"]*")
_STYLE = "stroke-linejoin: round; stroke-linecap: butt"

LARGEST_SVG = 2_000_000
"""Characters of a drawing; a larger one (many thousand points) is shown as a picture instead."""

DOTS_PER_INCH = 200
"""Of such a picture."""

Place = tuple[float, float]
Look = Mapping[str, Any]

_blank: list[Figure] = []
"""Figures with empty axes that `prepare` has built."""


def prepare(count: int) -> None:
    """Build *count* figures for the forks of this process: each is the same until it is drawn on."""
    _blank.extend(_new() for _ in range(count - len(_blank)))


def _new() -> Figure:
    # Not by pyplot, which would show the figure a second time.
    with _set(_SETTINGS):
        figure = _Figure(dpi=72, facecolor="#ffffff", edgecolor="none", frameon=True)
        figure.add_axes((0, 0, 1, 1)).set_axis_off()
    return figure


_svg_renderer: Any = RendererSVG


class _Figure(Figure):
    """A chart of perfkit's: all of it is inside, so it is drawn as it is."""


class Sheet:
    """A drawing to write and draw on, in points from its upper left corner.

    Args:
        width: in points.
        height: in points.
        field: left, right, top and bottom of the bars, which become the axes.
        most: what the field's right end is along x.
        size: of the text.
        baseline: of a line of text, below its middle.
    """

    def __init__(
        self,
        width: float,
        height: float,
        field: tuple[float, float, float, float],
        most: float,
        size: float,
        baseline: float,
    ) -> None:
        self._left, self._right, self._top, self._bottom = field
        self._most, self._width, self._height = most, width, height
        self._size, self._baseline = size, baseline
        self._bars: list[tuple[list[Place], Look]] = []
        self._keys: list[tuple[list[Place], Look]] = []
        self._lines: list[tuple[Place, Place, str, bool]] = []
        self._words: list[Word] = []

    def write(self, x: float, middle: float, text: str, align: Align = "left") -> None:
        """Put *text* on a line whose middle is *middle*."""
        if text:
            self._words.append((x, middle + self._baseline, text, align))

    def bar(self, left: float, right: float, middle: float, thickness: float, look: Look) -> None:
        """Draw a bar of the field."""
        self._bars.append((_box(left, right, middle, thickness), look))

    def shape(self, corners: Sequence[Place], look: Look) -> None:
        """Draw what belongs to a bar."""
        self._bars.append((list(corners), look))

    def key(self, left: float, right: float, middle: float, thickness: float, look: Look) -> None:
        """Draw a key (图例)."""
        self._keys.append((_box(left, right, middle, thickness), look))

    def line(self, start: Place, end: Place, color: str, above: bool = False) -> None:
        """Draw a line, below the bars unless *above*."""
        self._lines.append((start, end, color, above))

    def figure(self) -> Figure:
        """What was drawn."""
        figure = _blank.pop() if _blank else _new()
        with _set(_SETTINGS):
            figure.set_size_inches(self._width / 72, self._height / 72)
            axes = figure.axes[0]
            axes.set_position((
                self._left / self._width,
                1 - self._bottom / self._height,
                (self._right - self._left) / self._width,
                (self._bottom - self._top) / self._height,
            ))  # fmt: skip
            axes.set_xlim(0, self._most)
            axes.set_ylim(self._bottom, self._top)
            points = (
                Affine2D().scale(1 / 72, -1 / 72).translate(0, self._height / 72)
                + figure.dpi_scale_trans
            )
            for color, above in dict.fromkeys(line[2:] for line in self._lines):
                lines = [line[:2] for line in self._lines if line[2:] == (color, above)]
                axes.add_artist(_lines(lines, color, above, points))
            scale = self._most / (self._right - self._left)
            bars = [
                ([((x - self._left) * scale, y) for x, y in corners], look)
                for corners, look in self._bars
            ]
            for polygons, transform in ((bars, axes.transData), (self._keys, points)):
                for shapes in _alike(polygons, transform):
                    axes.add_artist(shapes)
            axes.add_artist(Words(self._words, self._size, points))
        return figure


def _box(left: float, right: float, middle: float, thickness: float) -> list[Place]:
    top, bottom = middle - thickness / 2, middle + thickness / 2
    return [(left, top), (right, top), (right, bottom), (left, bottom)]


def _lines(
    lines: Sequence[tuple[Place, Place]], color: str, above: bool, transform: Any
) -> PathPatch:
    """Lines of one colour as one path, whose style is written once."""
    path = Path(
        [place for line in lines for place in line], [Path.MOVETO, Path.LINETO] * len(lines)
    )
    return PathPatch(
        path, fill=False, edgecolor=color, linewidth=LINE_WIDTH, joinstyle="miter",
        transform=transform, clip_on=False, zorder=2 if above else 0.5,
    )  # fmt: skip


def _alike(shapes: Sequence[tuple[list[Place], Look]], transform: Any) -> list[PolyCollection]:
    """The shapes as collections: those with a hatch apart, which all of a collection have."""
    found = []
    for hatch in (None, *{look["hatch"]: None for _, look in shapes if "hatch" in look}):
        some = [(corners, look) for corners, look in shapes if look.get("hatch") == hatch]
        if some:
            drawn = PolyCollection(
                [corners for corners, _ in some],
                facecolors=[look["facecolor"] for _, look in some],
                edgecolors=[look["edgecolor"] for _, look in some],
                linewidths=LINE_WIDTH,
                hatch=hatch,
                transform=transform,
                joinstyle="miter",
                clip_on=False,
            )
            found.append(drawn)
    return found


Align = Literal["left", "center", "right"]
Word = tuple[float, float, str, Align]
"""A text: x, the baseline's y, both in points, its words, and how it is aligned."""


class Words(Artist):
    """All texts of a chart, as one artist: `texts` may be changed, and are drawn as they are then."""

    def __init__(self, texts: Sequence[Word], size: float, transform: Any) -> None:
        super().__init__()
        self.texts = list(texts)
        self.set_zorder(3)
        self._text = Text(
            color="#000000", fontfamily=list(FONTS), fontsize=size, fontweight="normal",
            fontstyle="normal", verticalalignment="baseline", parse_math=False, usetex=False,
        )  # fmt: skip
        self.set_transform(transform)
        self._text.set_transform(transform)

    def set_figure(self, fig: Any) -> None:
        """Belong to a figure."""
        super().set_figure(fig)
        self._text.set_figure(fig)

    @allow_rasterization  # type: ignore[untyped-decorator]
    def draw(self, renderer: Any) -> None:
        """Draw the texts; SVG aligns them itself, so that none has to be measured."""
        text, gc = self._text, renderer.new_gc()
        gc.set_foreground(text.get_color())
        properties, to_pixels = text.get_fontproperties(), self.get_transform()
        for x, y, words, align in self.texts:
            text.set_position((x, y))
            text.set_horizontalalignment(align)
            if isinstance(renderer, _svg_renderer):
                across, up = to_pixels.transform((x, y))
                down = renderer.height - up
                renderer.draw_text(gc, across, down, words, properties, 0, False, text)
            else:
                text.set_text(words)
                text.draw(renderer)
        gc.restore()
        self.stale = False


def svg(figure: Figure, alt: str) -> str:
    """The figure as SVG with real text: the same bytes each time, no style that reaches beyond it.

    perfkit's own charts as they are; others with all that they show, cut to it.
    """
    written = io.StringIO()
    with _set(_SETTINGS if isinstance(figure, _Figure) else _OWN_SETTINGS):
        if isinstance(figure, _Figure):
            figure.set_dpi(72)
            width, height = figure.get_size_inches() * 72
            renderer: Any = _svg_renderer(width, height, written, image_dpi=72, metadata=_UNDATED)
            figure.draw(renderer)
            renderer.finalize()
        else:
            figure.savefig(written, format="svg", bbox_inches="tight", metadata=_UNDATED)
    # Several charts stand on one page: no prolog, no name twice, no style for all elements.
    text = _NAMED_GROUP.sub("<g>", _HEAD.sub("", written.getvalue()))
    # A font that Typst has: it leaves out a text all of whose fonts it lacks, such as SimHei alone.
    text = _FAMILY.sub(lambda names: f"{names[0]}, {FONTS[0]!r}", text)
    about = f'<svg role="img" aria-label="{escape(alt)}" style="{_STYLE}" '
    return text.replace("<svg ", about, 1)


_OWN_SETTINGS = {"svg.fonttype": "none", "svg.hashsalt": "perfkit", "svg.id": None}


def shown(figure: Figure) -> tuple[dict[str, Any], dict[str, Any]]:
    """What a notebook shows of an analyst's figure: SVG, or a picture where that is too large."""
    alt = described(figure)
    drawn = svg(figure, alt)
    if len(drawn) <= LARGEST_SVG:
        return {"image/svg+xml": drawn, "text/plain": repr(figure)}, {"image/svg+xml": {"alt": alt}}
    picture = io.BytesIO()
    figure.savefig(picture, format="png", bbox_inches="tight", dpi=DOTS_PER_INCH)
    data = base64.b64encode(picture.getvalue()).decode()
    return {"image/png": data, "text/plain": repr(figure)}, {"image/png": {"alt": alt}}


def figure_of(drawn: Any) -> Figure | None:
    """The figure, of its own or of axes, no longer shown by pyplot at the cell's end; else None."""
    if not isinstance(drawn, (Figure, Axes)):
        first = next(iter(getattr(drawn, "flat", ())), None)  # df.plot(subplots=True)
        if not isinstance(first, Axes):
            return None
        drawn = first
    figure = drawn if isinstance(drawn, Figure) else drawn.get_figure(root=True)
    assert isinstance(figure, Figure)
    from matplotlib._pylab_helpers import Gcf

    Gcf.destroy_fig(figure)
    return figure


def described(figure: Figure, caption: str = "") -> str:
    """替代文本 of a figure that has none: its titles, axes and keys, as they are written in it."""
    told = [caption] if caption else []
    suptitle = figure.get_suptitle()
    told += [suptitle] if suptitle and suptitle != caption else []
    for axes in figure.axes:
        title = axes.get_title()
        told += [title] if title and title not in told else []
        names = (("横轴", axes.get_xlabel()), ("纵轴", axes.get_ylabel()))
        told += [f"{name}为{label}" for name, label in names if label]
        legend = axes.get_legend()
        if legend is not None and (keys := [text.get_text() for text in legend.get_texts()]):
            told.append(f"图例为{'、'.join(keys)}")
    text = f"图：{'；'.join(told)}。" if told else "图"
    return text if len(text) <= ALT_LENGTH else text[: ALT_LENGTH - 1] + "…"
