"""The grammar of an answer: what the model may write at all (structured outputs, EBNF).

Each sentence ends as the model likes and must then name a handle that exists, or the whole answer
is the one fixed way to say that the passages do not answer. The handle stands *after* the full
stop: asked for it before, small models put off the end of the sentence for as long as they can.
Lengths are left to the token limit: counted repetitions made the mask of one token take seconds.
"""

from collections.abc import Sequence

from knowledge.document import Language
from rag_service.prompts import NO_ANSWER

_MAX_SENTENCES = 5
_MAX_LINES = 10

# A full stop inside a sentence is a decimal point or one of two abbreviations: with more allowed,
# the small model glued sentences together behind it and gave all of them one marker.
_SENTENCE: dict[Language, str] = {
    "zh": 'sentence ::= char+ "。" handle handle? "\\n"?\nchar ::= [^\\[\\]。！？!?\\n]',
    "en": 'sentence ::= char+ ". " handle handle? " "?\nchar ::= [^\\[\\].!?\\n] | "." [0-9] | "e.g." | "i.e."',
}


def answer_grammar(language: Language, handles: Sequence[str], sections: Sequence[str] = ()) -> str:
    """Write the grammar for an answer that cites by these handles, such as "[2]" or "[2.4]".

    With sections, each sentence is a line that begins with the name of one.
    """
    choice = " | ".join(f'"{handle}"' for handle in handles)
    unit, n_units = ("line", _MAX_LINES) if sections else ("sentence", _MAX_SENTENCES)
    units = " ".join([unit] + [f"{unit}?"] * (n_units - 1))
    rules = [f'root ::= "{NO_ANSWER[language]}" | {units}', _SENTENCE[language], f"handle ::= {choice}"]
    if sections:
        rules.append('line ::= section ": " sentence "\\n"')
        rules.append("section ::= " + " | ".join(f'"{section}"' for section in sections))
    return "\n".join(rules) + "\n"
