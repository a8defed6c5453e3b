"""Conversation: what of the turns before a question is needed to search for it and to answer it."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from knowledge.document import guess_language
from knowledge.folding import fold_text
from knowledge.sentences import sentence_spans
from knowledge.synonyms import Concept, find_concepts, mentions
from rag_service.standing_facts import StandingFact

# A question leans at most on what was asked a little before, and its search reads 4,000 characters.
_RECENT_QUESTIONS = 8
_READ_CHARS = 2000
_VERBATIM_CHARS = 160
_MAX_NAMES = 6


@dataclass(frozen=True, slots=True)
class Turn:
    """What one side said; a conversation is its turns, oldest first."""

    role: Literal["user", "assistant"]
    text: str


@dataclass(frozen=True, slots=True)
class _Asked:
    """A question that stands by itself, and the words of one that only changed its group ("那孩子呢？")."""

    question: str = ""
    changed: str = ""


def standalone_question(history: Sequence[Turn], question: str) -> str:
    """Make a question that can be searched without the conversation.

    Where the question leans on an earlier one, by a pronoun or by leaving its subject out, what it leans on is
    put in front: the drugs, diseases and tests named there as the user wrote them, or the user's words.
    A question that stands by itself, or has nothing to lean on, is given back as it is. Take its language from the
    question itself: what is put in front may be in the other one.
    """
    asked = _Asked()
    users = [turn.text[:_READ_CHARS] for turn in history if turn.role == "user" and turn.text.strip()]
    for text in users[-_RECENT_QUESTIONS:]:
        asked = _follow(asked, text)
    subject = _subject(asked, question)
    colon = "：" if guess_language(question) == "zh" else ": "
    return f"{subject}{colon}{question}" if subject else question


def with_facts(question: str, facts: Sequence[StandingFact]) -> str:
    """Add the standing facts that bear on the search, in brackets; red flags and words already there do not."""
    folded = fold_text(question)
    words = [fact.words for fact in facts if fact.kind != "red_flag" and fold_text(fact.words) not in folded]
    if not words:
        return question
    is_chinese = guess_language(question) == "zh"
    told = ("；" if is_chinese else "; ").join(dict.fromkeys(words))
    return f"{question}（{told}）" if is_chinese else f"{question} ({told})"


def trim_history(history: Sequence[Turn], costs: Sequence[int], budget_tokens: int) -> tuple[Turn, ...]:
    """Keep the newest pairs, a user's turn with the assistant's after it, that fit the budget.

    Pairs are kept whole and without a gap between them; a turn without its other half is left out.

    Args:
        history: Turns, oldest first.
        costs: Tokens of each turn.
        budget_tokens: Most tokens of all that is kept.

    Raises:
        ValueError: There are not as many costs as turns.
    """
    priced = list(zip(history, costs, strict=True))
    kept: list[Turn] = []
    position = len(priced)
    while position >= 2:
        (first, first_cost), (second, second_cost) = priced[position - 2 : position]
        if (first.role, second.role) != ("user", "assistant"):
            position -= 1
            continue
        budget_tokens -= first_cost + second_cost
        if budget_tokens < 0:
            break
        kept[:0] = (first, second)
        position -= 2
    return tuple(kept)


# What a question may ask of any subject, and the words around it: a question of these alone has none.
# fmt: off
_ZH_ASPECT = ("副作用|不良反应|剂量|用量|用法|注意事项|注意|禁忌证?症?|并发症|后遗症|症状|表现|原因|病因|预防|治疗|治愈|治好|根治|传染|遗传|危险|严重|复查|复诊|随访|检查|饮食|忌口|运动|锻炼|喝酒|饮酒|抽烟|吸烟|开车|手术|住院|停药|换药|加量|减量|加倍|漏服|忘记|饭前|饭后|空腹|早上|晚上|"
    "睡前|安全|有效|见效|起效|好转|恢复|复发|保存|价格|医保|指标|正常值|正常|疗程|效果|作用|影响|伤肝|伤肾|上瘾|依赖|监测|筛查|诊断|鉴别|康复|预后|急救|指南|偏方|办法|要求|终身|一辈子|上班|上学|洗澡|同房|性生活|坐飞机|出院|睡觉|医生|医院|急诊|报销|需要|可以")
_ZH_FUNCTION = ("什么|怎么办|怎么样|怎样|怎么|如何|哪些|哪个|哪种|哪里|为什么|多久|多长时间|多少|几次|几天|几片|几个|第几|有没有|是不是|能不能|会不会|要不要|是否|时候|时间|一般|通常|大概|大约|到底|一次|一天|每天|每次|每日|小时|分钟|期间|情况|请问|应该|必须|一定|同时|一起|之间|然后|另外|还有|那么|如果|要是|比较|最好|会有|长期|继续|突然|今天|现在|年纪|方面|问题|别的|其他|其它")
_ZH_GROUP = ("孩子|小孩|儿童|小儿|婴幼儿|婴儿|宝宝|新生儿|幼儿|老年人|老人|成人|大人|孕妇|孕期|怀孕|妊娠|备孕|哺乳期|哺乳|青少年|男性|女性|男人|女人|肾功能不全|肝功能不全|肾不好|肝不好")
_ZH_EMPTY = re.compile(f"{_ZH_ASPECT}|{_ZH_FUNCTION}|{_ZH_GROUP}")
_ZH_SMALL = frozenset("的了吗呢吧啊呀嘛么是有要能会不没还再也都就才得地在和跟与或对给把让从到上下里后前时间次个种样我你您他她它们这那此该其去看做吃用服喝打停换药病多少大小长短高低几天周月年岁日号一二两三四五六七八九十半点些好坏最太很更可以想说问为因所以请谢办量率值度")
_EN_ASPECT = frozenset("dose doses dosage side effect effects symptom symptoms cause causes caused treat treated treatment treatments cure cured curable prevent "
    "prevented contagious hereditary dangerous serious safe often long much many take taken taking takes use using used check checked checkup follow "
    "follow-up monitor monitored test tests tested doctor hospital surgery operation stop stopped stopping start miss missed forget food foods eat "
    "diet exercise alcohol drink drinking drive driving smoke smoking work works working normal range high low better worse recover recovery last "
    "again risk risks complication complications interaction interactions warning warnings maximum minimum daily expensive effective store cost "
    "help prognosis outlook diagnosed diagnosis addictive repeat repeated rechecked recheck worry emergency avoid natural remedy remedies alternative alternatives tell option options else".split())
_EN_FUNCTION = frozenset("a an the and or but so then also if in on at of to for from with without by as about into over under than that this these those there here it its "
    "they them their he him his she her hers i me my we us our you your what which who whom whose when where why how is are was were be been being am do "
    "does did done can could should would will shall may might must have has had having get gets getting got need needs go going see seen give given "
    "day days week weeks month months year years hour hours time times per every each once twice any some more most less least very too just only even "
    "ok okay please still now first next after before while during not no yes same different other another one two three thing things happen happens "
    "long-term common possible good bad best way there's what's it's that's is's longer till until old am pm mean means".split())
_EN_GROUP = frozenset("child children kid kids baby babies infant infants toddler toddlers newborn newborns adult adults elderly older people pregnant pregnancy "
    "breastfeeding breast-feeding nursing women men woman man teenager teenagers seniors mother mothers son daughter".split())
_EN_WORD = re.compile(r"[a-z][a-z'-]*")
_CHATTER = re.compile(r"\W*(?:谢谢|多谢|感谢|你好|您好|好的|好吧|明白|知道|了解|嗯+|哦+|是的|不是|没有|thanks?|thank|you|very|much|so|hello|hi|hey|ok|okay|yes|no|great|good|sure|got|it|see|i|了|您|你|医生|\W)+")
_LEAD = re.compile(r"那|还有|另外|换成?|(?:(?:and|or|but|so|then|also|ok|okay)\b[\s,]*)*(?:(?:what|how) about|what of)\b|(?:and|or|also)\b")
_ELLIPSIS = re.compile(r"呢\W*$|^(?:\w+[\s,]+)?(?:what|how) about\b|^(?:and|or)\b")
_WHY = re.compile(r"\W*(?:那|这是)?(?:为什么|为何|why|how come|how so|why not|why is that)(?:呢|啊)?\W*")
_BARE_WORDS = frozenset("and or but for in what how about the my a is it ok safe during while if i i'm am with are who also then so at of to".split())
_ZH_BARE = re.compile(rf"(?:那么?|还有|另外|如果|要是|换成?|对于?|给|是|在|我|的|但|\W)*(?:{_ZH_GROUP})(?:期间|的话|了|的|也)*(?:呢|怎么样|怎么办|可以吗|能[用吃打]?吗|行吗|也?一样吗)?\W*")
_POINTS = re.compile(r"它|[这那此该](?:个|种|些|类|款)?(?:药|病|症状|情况|检查|指标|疫苗|手术|治疗|方法|疗法)|这样|这个|那个|这种|那种|这些|那些|上面|刚才|前面|此药|该药|(?<!尤)其(?!他|它|实|中|余|次|后|间)|"
    r"\b(?:it|its|it's|they|them|their|theirs|those|these)\b|\b(?:this|that|the same|such an?) (?:drug|medicine|medication|pill|tablet|condition|disease|test|"
    r"vaccine|treatment|symptom|dose|one|problem)s?\b|\b(?:about|is|does|for|with|like|do|of|take|from|by) (?:this|that)\b(?! \w)|^(?:and |so |but )?that(?:'s)?\b")
_POINTS_TO_SOMEBODY = re.compile(r"(?<!其)[他她]|\b(?:he|she|his|her|him)\b")
_SOMEBODY = re.compile(rf"{_ZH_GROUP}|爸|妈|爷|奶|儿子|女儿|老公|老婆|朋友|患者|病人|\b(?:(?:my|our) [a-z]+|patients?|{'|'.join(sorted(_EN_GROUP))})\b")
# "Is it safe to…", "how long does it take to…" point at nothing before them.
_POINTLESS = re.compile(r"\b(?:is|was|would|will|can) it (?:be )?(?:\w+ )?(?:\w+ )(?:to|for|if|that|when|during|in|after|before)\b|\bit(?:'s| is) (?:\w+ )?\w+ (?:to|that|if)\b|"
    r"\b(?:does|do|will|would|did) it (?:take|mean|cost) (?:to|for|when|if)\b|\bthese days\b|这几|那几|这[么次两天段里]|那么|这些天")
_LEADS_TO = re.compile(r"^(?:那|还|也)*(?:会不会|会|不会|是否会)(?:引起|导致|变成|发展成|影响|得|加重|是)")
# "能吃西瓜吗" and "Can I eat grapefruit?" leave out with what.
_LEFT_OUT = re.compile(r"(?!.*(?:介绍|解释|告诉|讲讲|说说|推荐))(?:(?:那|还|也|我|平时|以后)*(?:可不可以|可以|能不能|能|会不会|会|不会|要不要|要|需要|需不需要|用不用|应该)[^,，。；;]{1,12}[吗么嘛?？]|(?:那|还|也)*(?:可不可以|能不能|会不会|要不要|需不需要|用不用)[^,，。；;]{1,12}$|"
    r"(?:can|could|should|may|must|do) (?:i|we|he|she) (?:still |also |have to |need to )?(?:eat|drink|take|have|use|exercise|fly|swim|drive|avoid|get)\b(?!.*\b(?:for|with|if|while|when)\b)[^,.;]{0,40})")
# fmt: on


def _follow(asked: _Asked, text: str) -> _Asked:
    """Give what the next question may lean on, once `text` was asked too."""
    folded = fold_text(text)
    if _CHATTER.fullmatch(folded):
        return asked
    if asked.question and _changes_group(folded):
        return _Asked(asked.question, text)
    subject = _subject(asked, text)
    return _Asked(f"{subject} {text}", asked.changed) if subject else _Asked(text)


def _subject(asked: _Asked, question: str) -> str:
    """Find the words a question lacks; empty where it stands by itself."""
    folded = fold_text(question[:_READ_CHARS])
    if not asked.question or _CHATTER.fullmatch(folded):
        return ""
    if _changes_group(folded) or _WHY.fullmatch(folded):
        return _gist(asked.question)
    own = [concept for concept in find_concepts(folded) if _is_subject(concept)]
    if own and _LEAD.match(folded) and _ELLIPSIS.search(folded) and not _asks_more(folded, own):
        return _without(_gist(asked.question), {concept.kind for concept in own})
    if not _leans(folded, own):
        return ""
    missing = [name for concept, name in _named(asked) if not mentions(folded, concept)]
    is_named = any(_is_subject(concept) for concept, _ in _named(asked))
    return " ".join(missing[:_MAX_NAMES]) if is_named else _gist(asked.question)


def _leans(folded: str, own: list[Concept]) -> bool:
    if _points_back(folded):
        return True
    if not _content(folded):
        return bool(re.search(r"\w", folded))
    # "会引起肾病吗": the disease it names is not what it asks of.
    has_disease = any(concept.kind == "diseases" for concept in own) and not _LEADS_TO.search(folded)
    has_finding = any(concept.kind == "findings" for concept in own) and folded.isascii()
    return not has_disease and not has_finding and bool(_LEFT_OUT.match(folded))


def _points_back(folded: str) -> bool:
    """Tell whether a pronoun has nothing in the question itself to stand for."""
    plain = _POINTLESS.sub(" ", folded)
    if match := _POINTS.search(plain):
        before = plain[: match.start()]
        if not any(_is_subject(concept) for concept in find_concepts(before)) and not (
            match.group() in ("they", "them", "their", "it", "its") and _SOMEBODY.search(before)
        ):
            return True
    match = _POINTS_TO_SOMEBODY.search(plain)
    return bool(match and not _SOMEBODY.search(plain[: match.start()]))


def _changes_group(folded: str) -> bool:
    """Tell whether a question only names other people to ask the last one of: "and for children?"."""
    if _ZH_BARE.fullmatch(folded):
        return True
    words = _EN_WORD.findall(folded)
    return folded.isascii() and not set(words) <= _BARE_WORDS and set(words) <= _BARE_WORDS | _EN_GROUP


def _asks_more(folded: str, own: list[Concept]) -> bool:
    """Tell whether a question that names another subject says itself what it asks of it."""
    for name in (name for concept in own for name in concept.names):
        folded = folded.replace(name, " ")
    words = set(_EN_WORD.findall(folded)) - _BARE_WORDS - _EN_GROUP
    han = re.sub(rf"{_ZH_GROUP}|[那么换成还有另外如果是的话吃用呢]", "", folded)
    return bool(words or re.search("[\u3400-\u9fff]", han))


def _content(folded: str) -> bool:
    """Tell whether anything is left of a question without aspects, groups and function words."""
    han = [
        char for char in _ZH_EMPTY.sub("", folded) if "\u3400" <= char <= "\u9fff" and char not in _ZH_SMALL
    ]
    words = set(_EN_WORD.findall(folded)) - _EN_ASPECT - _EN_FUNCTION - _EN_GROUP
    return bool(han or words)


def _is_subject(concept: Concept) -> bool:
    return _content(concept.chinese[0])


def _named(asked: _Asked) -> list[tuple[Concept, str]]:
    """Name what was asked about as the user wrote it, and the people the last question turned to."""
    text = f"{asked.question} {asked.changed}"
    folded, turned_to = fold_text(text), find_concepts(asked.changed)
    found = [concept for concept in find_concepts(folded) if _is_subject(concept) or concept in turned_to]
    return [
        (concept, _as_written(max((n for n in concept.names if n in folded), key=len), text))
        for concept in found
    ]


def _as_written(name: str, text: str) -> str:
    start = text.lower().find(name)
    return text[start : start + len(name)] if start >= 0 else name


def _gist(text: str) -> str:
    """Give a question's words, of a long one those of the sentence that asks."""
    if len(text) > _VERBATIM_CHARS:
        sentences = [text[start:end].strip() for start, end in sentence_spans(text)]
        text = next((s for s in sentences if s.endswith(("?", "？"))), sentences[0])[:_VERBATIM_CHARS]
    return text.strip().rstrip("?？。.!！ ")


def _without(text: str, kinds: set[str]) -> str:
    """Take the subjects of these kinds out of a question, since another takes their place."""
    for concept in find_concepts(text):
        if concept.kind in kinds and _is_subject(concept):
            names = "|".join(map(re.escape, sorted(concept.names, key=len, reverse=True)))
            text = re.sub(rf"(?i)(?:{names})", "", text)
    return " ".join(text.split())
