"""A page as a program sees it: its elements, and its texts by section."""

from html.parser import HTMLParser

VOID = {"meta", "img", "br", "link", "input", "hr"}


class Page(HTMLParser):
    """Parses HTML, and fails where an element is not closed.

    Attributes
    ----------
    elements : list of (str, dict)
        Names and attributes.
    texts : dict of str to str
        Of the sections, by their ids; ``""`` is what stands outside.
    """

    def __init__(self, text):
        super().__init__()
        self.elements, self.texts, self._open, self._section = [], {"": ""}, [], ""
        self.feed(text)
        self.close()
        assert self._open == []

    def handle_starttag(self, tag, attrs):
        self.elements.append((tag, dict(attrs)))
        if tag not in VOID:
            self._open.append(tag)
        if tag == "section":
            self._section = dict(attrs)["id"]
            self.texts[self._section] = ""

    def handle_startendtag(self, tag, attrs):
        self.elements.append((tag, dict(attrs)))

    def handle_endtag(self, tag):
        assert self._open.pop() == tag
        if tag == "section":
            self._section = ""

    def handle_data(self, data):
        self.texts[self._section] += data

    def named(self, tag):
        """The attributes of all elements of a name."""
        return [attributes for name, attributes in self.elements if name == tag]
