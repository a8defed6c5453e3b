"""Edits: how much is embedded again when one paragraph has changed."""

import re
from pathlib import Path
from tempfile import TemporaryDirectory

import typer

from benchmarks.ingest_claim import Claim, Details
from benchmarks.ingest_side import EmbedderName, fill, make_embedder, stored_documents

_FRONT_MATTER = re.compile(r"\A---\n.*?\n---\n", re.DOTALL)
# Paragraphs of prose: no heading, table, list, quotation or fence, and nothing in brackets.
_PROSE = re.compile(r"(?<=\n\n)(?![#|>`*+\-<\[]|\d+[.)])[^\n]{40,}(?=\n\n|\n?\Z)")


def measure_edits(
    sources: list[Path], n_documents: int, embedder_name: EmbedderName
) -> tuple[list[Claim], Details]:
    """Change a paragraph in one document after the other, ingest each time, count what is embedded.

    The minimum is the number of old passages whose text the new document no longer holds.

    Raises:
        BadParameter: No document has a paragraph of prose.
    """
    embedder = make_embedder(embedder_name)
    embedded, least, worst = [], [], 0.0
    with TemporaryDirectory() as folder:
        root, files = Path(folder), Path(folder) / "files"
        chosen = _copy(sources, n_documents, files)
        n_passages = fill(root, files, embedder).passages_total
        for path, text in chosen.items():
            before = stored_documents(root)
            path.write_text(text, "utf-8")
            embedded.append(fill(root, files, embedder).passages_embedded)
            least.append(_least(before, stored_documents(root)))
            worst = max(worst, embedded[-1] / least[-1])
    claim = Claim(
        text="Passages embedded after one paragraph changed ÷ passages whose text is gone",
        unit="passages",
        ours=float(sum(embedded)),
        peer=float(sum(least)),
        peer_name="minimum",
        measured=sum(embedded) / sum(least),
        bound="≤",
        target=1.5,
    )
    return [claim], {
        "documents edited": len(chosen),
        "passages in all": n_passages,
        "worst document": worst,
        "documents at the minimum": sum(e <= m for e, m in zip(embedded, least, strict=True)),
    }


def _copy(sources: list[Path], n_documents: int, files: Path) -> dict[Path, str]:
    """Copy Markdown files that have a paragraph to change; give each with its changed text."""
    found = [
        path for source in sources for path in (sorted(source.rglob("*.md")) if source.is_dir() else [source])
    ]
    files.mkdir()
    changed: dict[Path, str] = {}
    for path in found:
        text = path.read_text("utf-8")
        edited = edit_paragraph(text)
        if edited is not None and len(changed) < n_documents:
            copy = files / path.name
            copy.write_text(text, "utf-8")
            changed[copy] = edited
    if not changed:
        raise typer.BadParameter("no Markdown file of the sources has a paragraph of prose")
    return changed


def edit_paragraph(text: str) -> str | None:
    """Put words into the middle of the middle paragraph of prose; None when there is none."""
    head = _FRONT_MATTER.match(text)
    found = list(_PROSE.finditer(text, head.end() if head else 0))
    if not found:
        return None
    paragraph = found[len(found) // 2]
    middle = (paragraph.start() + paragraph.end()) // 2
    gap = text.find(" ", middle, paragraph.end())
    cut = gap if gap >= 0 else middle
    return f"{text[:cut]} 修订 amended{text[cut:]}"


def _least(before: dict, after: dict) -> int:
    text_of = {i: "".join(passage.text for passage in passages) for i, passages in after.items()}
    gone = sum(
        passage.text not in text_of.get(i, "") for i, passages in before.items() for passage in passages
    )
    return max(1, gone)
