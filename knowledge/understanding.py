"""Understanding a question: what of it is embedded, and which terms it is searched by.

People write letters. Courtesies say nothing about what is wanted; the story around the question
names the disease, so it stays, at half the weight. Cutting a letter down to its question loses the
topic: on the development letters (LiveQA `message`) nDCG@10 fell from .59 to .50.
"""

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass

from knowledge.document import Language, guess_language
from knowledge.folding import fold_text
from knowledge.sentences import sentence_spans
from knowledge.sparse import TermWeights, weigh_terms
from knowledge.synonyms import Concept, find_concepts
from knowledge.terms import terms

# Four times what the embedder reads; a pasted record is no question.
_MAX_CHARS = 4000
# The story around a question, against the words of the question.
_AROUND_WEIGHT = 0.5
# Other names of what it speaks of, brands and the other language included. At 0.5 and above the many
# names of one thing drown the rest of the question.
_SYNONYM_WEIGHT = 0.2
# What the embedder is told the common name of; of tests and findings it knows the lay names itself.
_NAMED = ("drugs", "diseases")

_COURTESY = re.compile(
    r"\b(?:thank(?:s|\s*you|\s+u)(?:\s+(?:very|so)\s+much|\s+in\s+advance|\s+again)?"
    r"(?:\s+for\s+(?:your|any|the)\s+(?:help|time|assistance|attention|advice)(?:\s+and\s+(?:help|time))?)?"
    r"|please\s+help(?:\s+me)?|help\s+me(?:\s+please)?|(?:best|kind|warm)\s+regards|regards|sincerely(?:\s+yours)?"
    r"|hello|hi|dear\s+(?:sir|madam|doctor)s?(?:\s+or\s+(?:sir|madam))?|good\s+(?:morning|afternoon|evening|day)"
    r"|please|kindly)\b[\s,.!]*"
    r"|(?:非常|十分|万分|先)?(?:感谢|谢谢|多谢)(?:您|你|大家|医生|大夫|了)*[,，。!！]*"
    r"|(?:医生|大夫|各位|老师)?(?:您好|你好|大家好)[,，。!！]*|(?:想)?(?:请问|请教)(?:一下|下)?[,，:：]*"
    r"|求助|跪求|急[!！]+",
    re.IGNORECASE,
)
_ASKS = re.compile(
    r"[?？吗呢]|^(?:what|how|why|when|where|which|who|can|could|is|are|do|does|did|should|would|will|may|has|have)\b"
    r"|\b(?:want|like|need|try|hope)\w*\s+to\s+(?:know|learn|find|understand)|wonder|looking\s+for"
    r"|information\s+(?:on|about)|tell\s+me|explain"
    r"|怎么|怎样|如何|什么|为何|多少|多久|几[次天片个岁周月]|哪[些个种里]|是否|能不能|可不可以|要不要|会不会|想知道|想了解",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Understood:
    """A question made ready for the two legs of a search.

    `text` is embedded: the question without its courtesies, and in brackets the common names of
    drugs and diseases that it calls otherwise ("泰诺林" is 对乙酰氨基酚). It is empty where the question
    holds no word of any language. `weights` are its terms: 1 for those of the sentences that ask,
    less for the story around them and for other names of the `concepts` that it speaks of.
    """

    text: str
    language: Language
    weights: TermWeights
    concepts: tuple[Concept, ...] = ()


def understand(question: str) -> Understood:
    """Make a question ready; any text will do, the first 4,000 characters of it are read."""
    text = _tidied(question[:_MAX_CHARS])
    language = guess_language(text)
    concepts = tuple(find_concepts(text))
    weights = _weigh(text, concepts)
    named = _with_common_names(text, language, concepts) if _has_words(text) else ""
    return Understood(named, language, weigh_terms(weights), concepts)


def weigh_words(question: str) -> dict[str, float]:
    """Weigh the terms of a question as `understand` does, readable ones instead of their numbers."""
    text = _tidied(question[:_MAX_CHARS])
    return _weigh(text, tuple(find_concepts(text)))


def _weigh(text: str, concepts: tuple[Concept, ...]) -> dict[str, float]:
    weights = dict.fromkeys(terms(text), _AROUND_WEIGHT)
    weights.update(dict.fromkeys(terms(_asking(text)), 1.0))
    for name in (name for concept in concepts for name in concept.names):
        for term in terms(name):
            weights.setdefault(term, _SYNONYM_WEIGHT)
    return weights


def _with_common_names(text: str, language: Language, concepts: tuple[Concept, ...]) -> str:
    folded = fold_text(text)
    listed = [c.chinese if language == "zh" else c.english for c in concepts if c.kind in _NAMED]
    missing = [names[0] for names in listed if names[0] not in folded]
    return f"{text} ({', '.join(missing)})" if missing else text


def _tidied(question: str) -> str:
    printable = "".join(" " if unicodedata.category(char)[0] == "C" else char for char in question)
    spaced = " ".join(printable.split())
    # What is courtesy alone, such as "hi", is all there is to go by.
    return " ".join(_COURTESY.sub(" ", spaced).split()) or spaced


def _asking(text: str) -> str:
    """Keep the sentences that ask; all of them where none does."""
    return " ".join(sentence for sentence in _sentences(text) if _ASKS.search(sentence)) or text


def _sentences(text: str) -> Iterator[str]:
    return (text[start:end].strip() for start, end in sentence_spans(text))


def _has_words(text: str) -> bool:
    return any(char.isalnum() for char in text)
