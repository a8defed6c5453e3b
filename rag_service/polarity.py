"""Polarity: the words that deny a statement or give it a direction, and the clause they stand in.

A clause is read as marks: quantities, names, groups of people, cues, and the words between them.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from difflib import Match
from functools import lru_cache
from itertools import pairwise

from knowledge.synonyms import Concept, find_concepts
from rag_service.quantities import Quantity, find_quantities

# Negative by their letters and not by their sense: they deny nothing.
_NO_DENIAL = (
    "非甾体|非常|除非|无论|不论|不管|不仅|不但|不同|不良|不适|不断|不久|不等|不明|不锈|未成年|无菌|无糖|无氧|"
    "特别|分别|区别|级别|性别|个别|鉴别|类别|差别|识别|别名|别嘌|禁食|忌口|非典|非洲|"
    r"not only|no\.\s?\d|no matter"
)
_DENIAL = (
    r"禁止|禁用|禁忌|禁|忌|切勿|请勿|勿|避免|没有|没|不(?:能|应|宜|可以|可|得|要|用|必|需要?|会|建议|推荐)?|未|无[需须]?|"
    r"并非|非|别|停用|停止|"
    r"\b(?:not|never|none|neither|nor|without|avoid(?:s|ed|ing)?|contraindicated|contraindications?|cannot|no)\b|"
    r"n['’]t\b|\bstop\b"
)
# Opposites, by family: what raises, and what lowers.
_FAMILIES = {
    "amount": (
        r"升高|上升|增高|增加|增多|增大|增强|提高|上调|高于|大于|多于|超过|以上|较高|更高|过高|偏高|过多|较多|更多|高|多|大|升|增|"
        r"\b(?:increas(?:e|es|ed|ing)|rais(?:e|es|ed|ing)|ris(?:e|es|ing)|rose|elevat(?:e|ed|es|ion)|high(?:er|est)?|"
        r"above|over|more|most|greater|larger|exceed(?:s|ing)?|stronger)\b",
        r"降低|下降|减少|减低|减弱|减量|下调|低于|小于|少于|不足|以下|较低|更低|过低|偏低|过少|较少|更少|低|少|小|降|减|"
        r"\b(?:decreas(?:e|es|ed|ing)|reduc(?:e|es|ed|ing|tion)|low(?:er|ers|ered|ering|est)?|fall(?:s|ing)?|fell|drop(?:s|ped)?|"
        r"below|under|less|least|fewer|smaller|weaker)\b",
    ),
    "course": (
        r"加重|恶化|\bworse(?:n|ns|ned|ning)?\b",
        r"减轻|缓解|改善|好转|\b(?:improv(?:e|es|ed|ing)|reliev(?:e|es|ed)|better|eas(?:e|es))\b",
    ),
    "order": (r"之前|以前|前|\bbefore\b", r"之后|以后|后|\bafter\b"),
    "time": (r"早|\bearl(?:y|ier)\b", r"晚|迟|\blate(?:r)?\b"),
    "effect": (
        r"促进|激活|\b(?:promot(?:e|es)|stimulat(?:e|es))\b",
        r"抑制|妨碍|阻断|\b(?:inhibit(?:s|ed)?|block(?:s|ed)?|prevent(?:s|ed)?)\b",
    ),
    "speed": (
        r"快|加速|\b(?:fast(?:er)?|rapid(?:ly)?|quick(?:ly)?)\b",
        r"慢|减慢|延缓|\bslow(?:s|er|ly)?\b",
    ),
    "length": (r"延长|长|\blong(?:er)?\b", r"缩短|短|\bshort(?:er|en)?\b"),
    "result": (r"阳性|\bpositive\b", r"阴性|\bnegative\b"),
    "onset": (r"急性|\bacute\b", r"慢性|\bchronic\b"),
    "merit": (r"优于|\bsuperior\b", r"劣于|不如|\binferior\b"),
    "harm": (r"安全|有效|\b(?:safe|effective)\b", r"危险|有害|无效|\b(?:unsafe|dangerous|ineffective)\b"),
    "care": (r"慎用|谨慎|\bcaution\b", r"放心|\bfreely\b"),
    "start": (r"开始|\b(?:start|begin)\b", r"结束|\bend\b"),
}
_SIDES = {
    f"{family}{side}": words
    for family, pair in _FAMILIES.items()
    for side, words in zip("+-", pair, strict=True)
}
# Named groups may not hold a sign; "p" and "m" stand for plus and minus.
_NAMES = {name.replace("+", "_p").replace("-", "_m"): name for name in _SIDES}


# One pattern after another finds "减轻" as a course before "减" as an amount only when longer words
# come first, so the words are sorted over all families.
def _alternatives() -> tuple[re.Pattern[str], dict[str, str]]:
    han = {word: name for name, words in _SIDES.items() for word in words.split("|") if _is_han(word)}
    latin = "|".join(
        f"(?P<{group}>{_latin(_SIDES[name])})" for group, name in _NAMES.items() if _latin(_SIDES[name])
    )
    ordered = "|".join(sorted(han, key=len, reverse=True))
    no_words = "无效|不如|不足"
    pattern = (
        rf"(?P<skip>{_NO_DENIAL})|(?P<opposite>{no_words})|(?P<deny>{_DENIAL})|(?P<han>{ordered})|{latin}"
    )
    first = "".join(
        sorted(
            {word[0] for word in f"{ordered}|{_NO_DENIAL}|{_DENIAL}|{no_words}".split("|") if _is_han(word)}
        )
    )
    # Most characters begin no cue, and are passed over at once.
    return re.compile(rf"(?:(?<![a-z])(?=[a-z])|(?=n['’]t)|(?=[{first}]))(?:{pattern})"), han


def _is_han(word: str) -> bool:
    return "\u4e00" <= word[:1] <= "\u9fff"


def _latin(words: str) -> str:
    start = words.find(r"\b")
    return words[start:] if start >= 0 else ""


_CUE, _HAN = _alternatives()


_WORD = re.compile(r"[a-z\u0370-\u03ff][a-z0-9\u0370-\u03ff-]*|[\u3400-\u9fff]|(?P<stop>[,.;:!?。|()\n]+)")
_GROUPS = re.compile(
    r"(?P<adult>成人|成年|\badults?\b)|(?P<infant>婴幼儿|婴儿|新生儿|\b(?:infants?|bab(?:y|ies)|newborns?)\b)|"
    r"(?P<child>儿童|小儿|孩子|\bchild(?:ren)?\b)|(?P<pregnant>孕妇|妊娠|怀孕|\bpregnan(?:t|cy)\b)|"
    r"(?P<older>老年人?|老人|\b(?:elderly|older (?:adults|people))\b)|(?P<nursing>哺乳|\bbreast-?feeding\b)|"
    r"(?P<male>男性|\bmen\b)|(?P<female>女性|\bwomen\b)"
)


@dataclass(frozen=True, slots=True)
class Cue:
    """A word that denies ("not") or gives a direction ("amount+"); offsets into the folded text."""

    pole: str
    start: int
    end: int
    words: str

    @property
    def denies(self) -> bool:
        """Whether it turns its clause into the contrary."""
        return self.pole == "not"

    def is_opposite_of(self, other: "Cue") -> bool:
        """Tell whether two directions of one family are contrary."""
        return self.pole != other.pole and self.pole[:-1] == other.pole[:-1]


Fact = Quantity | Concept | Cue | str | None


@dataclass(frozen=True, slots=True)
class Mark:
    """A fact or a word in its clause; marks with equal keys say the same.

    A fact that is a string is a group of people; a plain word has none.
    """

    key: str
    fact: Fact
    clause: int
    words: str


Marks = tuple[Mark, ...]


def find_cues(folded: str) -> list[Cue]:
    """Find the denials and directions of a folded text (`knowledge.folding`), in order."""
    found: list[Cue] = []
    for match in _CUE.finditer(folded):
        group, words = match.lastgroup or "skip", match.group()
        if group == "skip":
            continue
        if group == "deny":
            pole = "not"
        elif group in ("han", "opposite"):
            pole = _HAN[words]
        else:
            pole = _NAMES[group]
        found.append(Cue(pole, match.start(), match.end(), words))
    return found


def changed_cues(ours: list[Cue], theirs: list[Cue]) -> list[Cue]:
    """Give the cues that differ where a sentence repeats its source word by word."""
    denials, denied = [c for c in ours if c.denies], [c for c in theirs if c.denies]
    changed = (denials or denied) if len(denials) != len(denied) else []
    return changed + [cue for cue in ours if any(cue.is_opposite_of(other) for other in theirs)]


def contradictions(ours: list[Cue], theirs: list[Cue]) -> list[Cue]:
    """Give the cues that contradict a source in another language, where word order says nothing."""
    denials, denied = [c for c in ours if c.denies], [c for c in theirs if c.denies]
    changed = (denials or denied) if bool(denials) != bool(denied) else []
    poles = {cue.pole for cue in theirs}
    opposite = [c for c in ours if c.pole not in poles and any(c.is_opposite_of(other) for other in theirs)]
    return changed + opposite


def find_gaps(marks: Marks, proof: Marks, blocks: list[Match]) -> list[tuple[Marks, Marks]]:
    """Give what stands between the matching blocks, in a sentence and in its source."""
    ends = pairwise((Match(0, 0, 0), *blocks))
    return [(marks[a + n : next_a], proof[b + n : next_b]) for (a, b, n), (next_a, next_b, _) in ends]


def find_groups(folded: str) -> set[str]:
    """Find the groups of people that a folded text speaks of, such as "child"."""
    return {str(match.lastgroup) for match in _GROUPS.finditer(folded)}


@lru_cache(maxsize=8192)
def find_words(folded: str) -> frozenset[str]:
    """Find the words and Chinese characters of a folded text, without figures."""
    return frozenset(match.group() for match in _WORD.finditer(folded) if match["stop"] is None)


@lru_cache(maxsize=8192)
def find_marks(folded: str) -> Marks:
    """Cut a folded text into quantities, names, groups, cues and words, the first kind first."""
    facts: list[tuple[int, int, str, Fact]] = []
    for quantity in find_quantities(folded):
        key = f"{quantity.form}{quantity.values}{quantity.unit}{quantity.comparator}"
        facts.append((quantity.start, quantity.end, key, quantity))
    for concept in find_concepts(folded):
        for start, end in _places(folded, concept):
            facts.append((start, end, f"={concept.kind}{concept.names[0]}", concept))
    facts.extend((m.start(), m.end(), f"@{m.lastgroup}", str(m.lastgroup)) for m in _GROUPS.finditer(folded))
    facts.extend((cue.start, cue.end, f"~{cue.pole}", cue) for cue in find_cues(folded))
    words: list[tuple[int, int, str, Fact]] = [
        (m.start(), m.end(), m.group().removesuffix("s") if m["stop"] is None else "", None)
        for m in _WORD.finditer(folded)
    ]
    return tuple(_in_order(folded, facts, words))


def _places(folded: str, concept: Concept) -> Iterator[tuple[int, int]]:
    for name in sorted(concept.names, key=len, reverse=True):
        start = folded.find(name)
        while start >= 0:
            yield start, start + len(name)
            start = folded.find(name, start + len(name))


def _in_order(
    folded: str, facts: list[tuple[int, int, str, Fact]], words: list[tuple[int, int, str, Fact]]
) -> Iterator[Mark]:
    """Put facts and words in order; what was found first keeps its characters."""
    taken = bytearray(len(folded))
    kept: list[tuple[int, int, str, Fact]] = []
    for found in (*facts, *words):
        start, end = found[:2]
        if not any(taken[start:end]):
            taken[start:end] = b"\1" * (end - start)
            kept.append(found)
    clause = 0
    for start, end, key, fact in sorted(kept, key=lambda found: found[0]):
        if key:
            yield Mark(key, fact, clause, folded[start:end])
        else:
            clause += 1
