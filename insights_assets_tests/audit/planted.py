"""Metadata of distributions that are installed nowhere."""

from importlib.metadata import Distribution


def plant(folder, name, *lines):
    """A distribution's folder as an installer leaves it, at version 1."""
    place = folder / f"{name}-1.dist-info"
    place.mkdir(exist_ok=True)
    text = "\n".join(["Metadata-Version: 2.4", f"Name: {name}", "Version: 1", *lines])
    (place / "METADATA").write_text(f"{text}\n", encoding="utf-8")


class _Text(Distribution):
    def __init__(self, text):
        self.text = text

    def read_text(self, filename):
        return self.text if filename == "METADATA" else None

    def locate_file(self, path):
        raise FileNotFoundError(path)


def metadata(*lines):
    """The metadata that the lines make."""
    return _Text("\n".join(lines)).metadata
