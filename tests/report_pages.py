"""Read a report.html as a browser does, and say what is in it; raise where it is not well-formed."""

import re
from html.parser import HTMLParser

VOID = {"meta", "img", "br", "hr", "link", "input", "wbr"}
# Where a browser may break a number that is not kept whole: beside ±, before %, after a hyphen.
BREAKABLE = re.compile(r"\d ±|± \d|\d %|\de[-+]\d|\d-\d")


class Page(HTMLParser):
    """The tags of a page in their order with the names of their attributes, and what a test asks for."""

    def __init__(self, content: str) -> None:
        super().__init__(convert_charrefs=True)
        self.open: list[str] = []
        self.shape: list[tuple[str, tuple[str, ...]]] = []
        self.tags: list[tuple[str, dict[str, str]]] = []
        self.texts: list[str] = []
        self.loose: list[str] = []  # texts that may be broken anywhere
        self.whole: list[str] = []  # texts that are kept in one line
        self._goes_on = False  # whether what comes next belongs to the text before
        self.feed(content)
        self.close()
        self.texts = [" ".join(text.split()) for text in self.texts if text.strip()]
        assert not self.open, f"never closed: {self.open}"

    def handle_starttag(self, tag, attrs):
        names = tuple(name for name, _ in attrs)
        assert len(set(names)) == len(names), (tag, names)
        self.tags.append((tag, {name: value or "" for name, value in attrs}))
        inside = self.tags[-1] in (("span", {"class": "whole"}), ("wbr", {}))
        if not inside:  # where lines may end and how wide a column is depends on the text
            look = tag in ("th", "td") and self.tags[-1][1].get("class") in ("number", "phrase", "wordy")
            self.shape.append((tag, tuple(name for name in names if not (look and name == "class"))))
        self._goes_on &= inside
        if tag not in VOID:
            self.open.append("whole" if tag == "span" and inside else tag)

    def handle_endtag(self, tag):
        assert self.open, f"</{tag}> closes nothing"
        closed = self.open.pop()
        assert closed == tag or (closed, tag) == ("whole", "span"), tag
        self._goes_on &= closed == "whole"
        if closed != "whole":
            self.shape.append((f"/{tag}", ()))

    def handle_data(self, data):
        if "style" in self.open:
            return
        if self._goes_on:
            self.texts[-1] += data
        else:
            self.texts.append(data)
        self._goes_on = True
        if "whole" in self.open:
            self.whole.append(data)
        elif not {"title", "pre"} & set(self.open):
            self.loose.append(data)

    def handle_comment(self, data):
        raise AssertionError(f"a comment: {data}")

    def handle_pi(self, data):
        raise AssertionError(f"an instruction: {data}")

    def unknown_decl(self, data):
        raise AssertionError(f"a declaration: {data}")

    def all(self, tag):
        return [attributes for name, attributes in self.tags if name == tag]


def check(content: str) -> Page:
    """A page that is whole by itself: it loads nothing, runs nothing, and each of its links leads somewhere."""
    page = Page(content)
    ids = [attributes["id"] for _, attributes in page.tags if "id" in attributes]
    assert len(set(ids)) == len(ids)
    assert {tag for tag, _ in page.tags}.isdisjoint({"script", "link", "iframe", "object", "embed", "base", "form"})
    for tag, attributes in page.tags:
        assert not [name for name in attributes if name.startswith("on")], tag
        assert not {"action", "srcset", "style"} & set(attributes), tag
        for name in ("aria-labelledby", "aria-describedby"):
            assert attributes.get(name, ids[0]) in ids
    assert all(link["href"].startswith(("#", "figures/")) for link in page.all("a"))
    assert {link["href"][1:] for link in page.all("a") if link["href"].startswith("#")} <= set(ids)
    assert all(
        picture["src"].startswith(("data:image/png;base64,", "data:image/svg+xml;base64,"))
        for picture in page.all("img")
    )
    assert all(picture["alt"] for picture in page.all("img"))
    broken = [text for text in page.loose if BREAKABLE.search(text)]
    assert not broken, broken
    assert len(page.all("h1")) == 1
    assert len(page.all("caption")) == len(page.all("table"))
    assert all(head.get("scope") in ("col", "row") for head in page.all("th"))
    assert not re.search(r"url\(|@import|https?:|//", "".join(re.findall(r"<style>(.*?)</style>", content, re.S)))
    return page
