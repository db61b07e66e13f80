"""AugmentationReport: its texts hold what the report holds, and a page neither runs nor loads anything."""

from __future__ import annotations

import copy
import json
import pickle
import re
import shutil
import subprocess
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pytest

from genesis_sampling import AugmentationReport, DataError, GenerativeOverSampler
from genesis_sampling.reports._html import html_page
from genesis_sampling.reports._items import ItemPairs
from genesis_sampling.reports._markdown import markdown_page
from genesis_sampling.reports._page import CodeBlock, Marked, Section, TableBlock

VOID = {"meta", "img", "source", "br", "hr", "col"}
# Attributes that can make a browser fetch or run something.
REACHING = {
    "src",
    "srcset",
    "href",
    "action",
    "formaction",
    "data",
    "poster",
    "background",
    "xlink:href",
    "ping",
}
POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:"


class Page(HTMLParser):
    """The elements and the text of a page, which must be well formed."""

    def __init__(self, text):
        super().__init__()
        self.elements, self.text, self._open = [], [], []
        self.feed(text)
        self.close()
        assert not self._open

    def handle_starttag(self, tag, attrs):
        self.elements.append((tag, dict(attrs)))
        if tag not in VOID:
            self._open.append(tag)

    def handle_endtag(self, tag):
        assert self._open.pop() == tag

    def handle_data(self, data):
        if self._open and self._open[-1] not in ("style", "title"):
            self.text.append(data)

    def all(self, tag):
        return [attributes for name, attributes in self.elements if name == tag]

    @property
    def words(self):
        return " ".join(" ".join(self.text).split())


def check_self_contained(text):
    """Fail for a page that could load or run anything; give it parsed."""
    page = Page(text)
    assert {tag for tag, _ in page.elements} <= {
        *(
            "html",
            "head",
            "meta",
            "title",
            "style",
            "body",
            "main",
            "nav",
            "ul",
            "li",
            "a",
            "section",
            "h1",
            "h2",
            "p",
        ),
        *("div", "table", "caption", "thead", "tbody", "tr", "th", "td", "strong", "figure", "figcaption"),
        *("picture", "source", "img", "del", "ins"),
    }
    for tag, attributes in page.elements:
        for name, value in attributes.items():
            assert not name.startswith("on"), (tag, name)
            assert name != "style"
            if name in REACHING:
                assert value.startswith("#" if tag == "a" else "data:image/png;base64,"), (
                    tag,
                    name,
                    value[:50],
                )
    for style in re.findall(r"<style>(.*?)</style>", text, re.DOTALL):
        assert not re.search(r"url\(|@import|//|https?:", style)
    return page


@pytest.fixture
def report():
    return AugmentationReport(
        "HybridSampler",
        {"no": 900, "yes": 100},
        {"no": 800, "yes": 400},
        n_generated=700,
        n_accepted=300,
        n_removed=100,
        rejected={"quality": 350, "constraint age >= 0": 50},
        choices={"generator of class 'yes'": "tree", "levels": [1, 2]},
        seconds=1.5,
        warnings=["Class 'yes' has few rows."],
    )


@pytest.fixture
def measured(report, tables, stand_in):
    report.metrics = stand_in(tables.real, tables.synthetic, target=tables.target)
    return report


@pytest.fixture(scope="module")
def attacked(hostile, stand_in):
    """A report in which every word that comes from outside means harm."""
    # Half a character can be in a label, though in no column of an Arrow table.
    names = [*hostile.names, "half \ud800 of one"]
    return AugmentationReport(
        names[0],
        {name: 1000 + at for at, name in enumerate(names)},
        {name: 2000 + at for at, name in enumerate(names)},
        n_generated=10,
        rejected=dict.fromkeys(names, 1),
        choices={name: {name: [name]} for name in names},
        warnings=list(names),
        metrics=stand_in(hostile.real, hostile.synthetic, target=hostile.target),
    )


@pytest.fixture(scope="module")
def attacked_page(attacked):
    return attacked.to_html()


class TestData:
    def test_metrics_are_no_part_of_comparisons(self, report, stand_in, tables):
        other = copy.deepcopy(report)
        other.metrics = stand_in(tables.real, tables.synthetic)
        assert other == report
        assert "metrics" not in repr(other)
        assert report.to_dict().get("metrics") is None
        assert {**report.to_dict(), "metrics": other.metrics.summary()} == other.to_dict()

    def test_quality_score(self, report, measured):
        assert AugmentationReport("a", {}, {}).quality_score is None
        assert measured.quality_score == measured.metrics.summary()["quality_score"]

    def test_dict_is_a_copy(self, report):
        report.to_dict()["choices"]["levels"].append(3)
        assert report.choices["levels"] == [1, 2]

    def test_json_is_strict(self, measured):
        measured.metrics.figures["c2st"] = float("nan")
        measured.choices = {
            "array": np.array([1.5, np.inf]),
            "number": np.int64(3),
            "shares": {1: 0.5, "1": 0.5},
        }
        plain = json.loads(measured.to_json(), parse_constant=pytest.fail)
        assert plain["metrics"]["c2st"] is None
        assert plain["metrics"]["shape"] == measured.metrics.figures["shape"]
        assert plain["choices"] == {"array": [1.5, None], "number": 3, "shares": {"1": 0.5, "'1'": 0.5}}
        assert plain["warnings"] == ["Class 'yes' has few rows."]

    def test_text_has_the_warnings(self, report):
        assert "warning: Class 'yes' has few rows." in str(report)


class TestMarkdown:
    def test_counts_and_figures(self, measured):
        text = measured.to_markdown()
        assert text.startswith("# Augmentation report: HybridSampler\n")
        assert "| no | 900 | 800 | -100 | 66.7 % |" in text
        assert "| quality | 350 |" in text
        assert "| Quality score | 0.930 | 1 |" in text
        assert measured.to_markdown(title="My _own_ title").startswith(r"# My \_own\_ title")

    def test_names_are_nothing_but_text(self, attacked):
        text = attacked.to_markdown()
        assert not re.search(r"<[a-z/!]", text)
        assert not re.search(r"(?<!\\)\]\(javascript", text)
        assert "&lt;script&gt;" in text
        for line in text.splitlines():
            if line.startswith("|"):
                bars = len(re.findall(r"(?<!\\)\|", line))
                assert bars in (3, 4, 5, 6), line
        rows = [line for line in text.splitlines() if re.match(r"\| .* \| 1,00\d \| 2,00\d \|", line)]
        assert len(rows) == len(attacked.counts_before)


class TestHtml:
    def test_without_metrics(self, report):
        page = check_self_contained(report.to_html())
        for words in (
            "900",
            "800",
            "constraint age >= 0",
            "350",
            "tree",
            "1, 2",
            "1.50 seconds",
            "has few rows",
        ):
            assert words in page.words
        assert not page.all("img")
        assert [attributes["id"] for attributes in page.all("h2")] == ["summary", "advice"]

    def test_with_metrics_and_pictures(self, measured):
        text = measured.to_html(title="Fraud & more")
        page = check_self_contained(text)
        assert "<title>Fraud &amp; more</title>" in text
        ids = [attributes["id"] for attributes in page.all("h2")]
        assert ids == ["summary", "advice", "quality", "pictures", "privacy"]
        assert [attributes["href"] for attributes in page.all("a")] == [f"#{name}" for name in ids]
        assert len(page.all("img")) == len(page.all("source")) == len(page.all("figcaption")) == 5
        assert all(len(attributes["alt"]) > 40 for attributes in page.all("img"))
        for words in (
            "Quality score 0.930 1",
            "Duplicates 1.0 % 1.2 %, as in real rows",
            "No fresh rows were given",
        ):
            assert words in page.words
        assert "none of them proves privacy" in page.words.lower()

    def test_pictures_can_be_left_out(self, measured):
        assert "<img" not in measured.to_html(plots=False)

    def test_head(self, report):
        page = Page(report.to_html())
        assert page.elements[0] == ("html", {"lang": "en"})
        metas = page.all("meta")
        assert {"http-equiv": "Content-Security-Policy", "content": POLICY} in metas
        assert {"name": "viewport", "content": "width=device-width, initial-scale=1"} in metas
        assert {"name": "color-scheme", "content": "light dark"} in metas
        assert {"charset": "utf-8"} in metas

    def test_tables_are_named_and_scroll_alone(self, measured):
        page = check_self_contained(measured.to_html(plots=False))
        assert len(page.all("caption")) == len(page.all("table")) > 5
        boxes = [attributes for attributes in page.all("div") if attributes.get("class") == "box"]
        assert len(boxes) == len(page.all("table"))
        assert all(box["tabindex"] == "0" and box["role"] == "region" and box["aria-label"] for box in boxes)
        assert {attributes["scope"] for attributes in page.all("th")} == {"col", "row"}

    def test_hostile_names_and_values(self, attacked, attacked_page):
        page = check_self_contained(attacked_page)
        assert len(page.all("img")) == 5
        for name in attacked.counts_before:
            shown = " ".join(re.sub("[\x00\ud800\u202e]", "\N{REPLACEMENT CHARACTER}", name).split())
            assert page.words.count(shown) >= 4, name
        check_self_contained(attacked.to_html(title=attacked.sampler, plots=False))
        Page(attacked._repr_html_())

    def test_file_is_what_is_returned(self, attacked, tmp_path):
        path = tmp_path / "report.html"
        text = attacked.to_html(path, plots=False)
        assert path.read_text(encoding="utf-8") == text
        assert list(tmp_path.iterdir()) == [path]
        assert attacked.to_html(str(path), title="other", plots=False) != text
        with pytest.raises(FileNotFoundError, match="expected a folder that exists"):
            attacked.to_html(tmp_path / "nowhere" / "report.html", plots=False)

    def test_one_column_is_told_instead_of_drawn(self, report, tables, stand_in):
        report.metrics = stand_in(tables.real[["age"]], tables.synthetic[["age"]])
        page = check_self_contained(report.to_html())
        assert "on two columns: not drawn. Got the column 'age' alone" in page.words
        assert len(page.all("img")) == 4

    def test_notebooks_get_a_fragment_that_costs_nothing(self, measured):
        measured.metrics = None
        alone = measured._repr_html_()
        measured.metrics = object()  # asking it for anything would fail
        assert measured._repr_html_() == alone
        page = check_self_contained(alone)
        assert page.elements[0][0] == "div"
        assert not {"img", "style", "html"} & {tag for tag, _ in page.elements}


class TestItems:
    """Images, texts, recordings and series, of which there are no figures."""

    @pytest.fixture
    def texts(self, report):
        hostile = "Win <script>alert(1)</script> & a prize\u202e now."
        report.items = ItemPairs(
            "text", [hostile, "Call me."], [hostile.replace("prize", "gift"), "Call."], ["yes", "no"]
        )
        return report

    def test_texts_have_their_changes_marked(self, texts):
        text = texts.to_html()
        page = check_self_contained(text)
        assert re.findall(r"<del>(.*?)</del>", text) == ["prize", "me"]
        assert re.findall(r"<ins>(.*?)</ins>", text) == ["gift"]
        assert [attributes["id"] for attributes in page.all("h2")][-1] == "pictures"
        assert "Texts, class yes: 1 made" in page.words
        assert "<script>" in page.words
        assert not page.all("img")

    def test_texts_are_left_out_with_the_pictures(self, texts):
        assert "prize" not in texts.to_html(plots=False)
        assert "prize" not in texts.to_markdown()
        assert "prize" not in texts.to_json()
        assert "prize" not in texts._repr_html_()

    def test_images_are_pictures(self, report):
        images = np.random.default_rng(0).random((3, 8, 8))
        report.items = ItemPairs("image", images, images, ["yes"] * 3)
        page = check_self_contained(report.to_html())
        (image,) = page.all("img")
        assert "class yes: 3 made" in image["alt"]
        assert "the source above" in page.words
        assert "<img" not in report.to_html(plots=False)

    def test_items_are_no_part_of_comparisons_and_pickles(self, texts):
        assert "prize" not in repr(texts)
        other = pickle.loads(pickle.dumps(texts))
        assert other.items is None
        assert other == texts
        assert other.to_dict() == texts.to_dict()
        assert "items" not in texts.to_dict()

    def test_marks_are_plain_in_markdown(self):
        table = TableBlock(
            "Texts", ("Before", "After"), [(Marked([("a", ""), ("|b", "gone")]), Marked([("a", "")]))]
        )
        assert r"| a\|b | a |" in markdown_page("page", [Section("texts", "Texts", [table])])

    def test_plot_of_rows_and_of_nothing(self, measured):
        display = measured.plot()
        assert [panel.get_title() for panel in display.axes_] == ["Before", "After"]
        with pytest.raises(DataError, match="Pickles and copies of a report keep none"):
            copy.deepcopy(measured).plot()


class TestBrowser:
    """The page in a real browser, which logs what it asks the network for."""

    @pytest.fixture
    def browse(self, tmp_path):
        browser = (
            shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
        )
        if browser is None:
            pytest.skip("no chromium on this machine")

        def visit(path: Path) -> tuple[str, list[str]]:
            log = tmp_path / "net.json"
            options = [
                "--headless",
                "--no-sandbox",
                "--disable-gpu",
                "--no-first-run",
                "--disable-dev-shm-usage",
            ]
            options += ["--disable-background-networking", "--host-resolver-rules=MAP * ~NOTFOUND"]
            options += [f"--user-data-dir={tmp_path / 'profile'}", f"--log-net-log={log}", "--dump-dom"]
            done = subprocess.run(
                [browser, *options, path.as_uri()], capture_output=True, text=True, timeout=120
            )
            assert done.returncode == 0, done.stderr[-2000:]
            events = [event.get("params", {}) for event in json.loads(log.read_text())["events"]]
            # What the browser asks for by itself has no origin.
            asked = [
                event["url"] for event in events if event.get("initiator") not in (None, "not an origin")
            ]
            return done.stdout, [url for url in asked if not url.startswith("data:")]

        return visit

    def test_a_request_would_be_seen(self, browse, tmp_path):
        path = tmp_path / "bad.html"
        path.write_text(
            '<img src="http://outside.example/x.png"><script>document.title="taken over"</script>'
        )
        page, asked = browse(path)
        assert "<title>taken over</title>" in page
        assert asked == ["http://outside.example/x.png"]

    def test_nothing_is_loaded_or_run(self, browse, attacked_page, tmp_path):
        path = tmp_path / "report.html"
        path.write_text(attacked_page, encoding="utf-8")
        page, asked = browse(path)
        assert asked == []
        assert page.count("<img ") == 5
        assert "<title>Augmentation report: &lt;script&gt;" in page
        assert 'id="privacy"' in page

    @pytest.mark.slow
    @pytest.mark.parametrize(
        "name", ["stroke", "german_credit", "sick", "car_evaluation", "yeast", "cervical_cancer"]
    )
    def test_real_sets(self, name, browse, load_real, tmp_path):
        from genesis_sampling.metrics.augmentation import AugmentationMetrics

        real = load_real(name)
        sampler = GenerativeOverSampler(random_state=0)
        X, y = sampler.fit_resample(real.drop(columns="target"), real["target"])
        synthetic = X.assign(target=y)[sampler.synthetic_mask_]
        report = sampler.report_
        report.metrics = AugmentationMetrics(real, synthetic, target="target")
        path = tmp_path / "report.html"
        page = check_self_contained(report.to_html(path))
        assert len(page.all("img")) == 5
        assert all(column in page.words for column in report.metrics.column_shapes().nsmallest(5).index)
        shown, asked = browse(path)
        assert shown.count("<img ") == 5
        assert asked == []


class TestCode:
    def test_lines_stay_lines_and_are_nothing_but_text(self):
        code = 'if 1 < 2:\n    print("<b>")\n```'
        section = Section("try", "What to try", [CodeBlock("1. <i>Look</i>", code)])
        page = html_page("page", [section])
        assert (
            '<pre tabindex="0"><code>if 1 &lt; 2:\n    print(&quot;&lt;b&gt;&quot;)\n```</code></pre>' in page
        )
        assert "<i>" not in page
        assert f"````python\n{code}\n````" in markdown_page("page", [section])
