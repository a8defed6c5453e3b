"""Standing facts: what a user said of the person asked about, which must outlive a trimmed history."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

from knowledge.folding import fold_text
from knowledge.synonyms import find_concepts

FactKind = Literal["allergy", "pregnancy", "age", "medicine", "condition", "red_flag"]

# Twice the longest question by default; a pasted record is read part by part elsewhere.
_MAX_CHARS = 8000
# Of these only the last statement holds. Carrying a child and feeding one are told apart.
_REPLACED = ("age", "carrying", "nursing")


@dataclass(frozen=True, slots=True)
class StandingFact:
    """One fact; `words` is the clause as the user wrote it, its negation included ("not pregnant")."""

    kind: FactKind
    words: str


def find_standing_facts(texts: Sequence[str]) -> tuple[StandingFact, ...]:
    """Find what the user said of the person asked about, in either language; any text will do.

    Args:
        texts: What the user wrote, oldest first; the first 8,000 characters of each are read.

    Returns:
        The facts in order of first mention, equal words once. A later age, pregnancy or breast-feeding takes
        the place of the earlier one and stands where it was said. A question about a thing is nobody's fact.
    """
    kept: dict[tuple[str, str], StandingFact] = {}
    for text in texts:
        for topic, fact in _facts(text[:_MAX_CHARS]):
            key = (topic, "" if topic in _REPLACED else fact.words)
            if topic in _REPLACED:
                kept.pop(key, None)
            kept.setdefault(key, fact)
    return tuple(kept.values())


# fmt: off
_ZH_PERSON = ("我|俺|咱|本人|(?<!其)[他她]|爸|妈|父亲|母亲|老公|老婆|妻子|丈夫|太太|媳妇|儿子|女儿|孩子|宝宝|宝贝|娃|奶奶|爷爷|外婆|外公|姥|岳|婆婆|公公|哥|姐|弟|妹|女友|男友|朋友|孙子|孙女")
_PERSON = re.compile(_ZH_PERSON + r"|(?<!type )\bi\b|\b(?:im|ive|my|our|he|she|we|patient|wife|husband|son|daughter|mother|father|mom|mum|dad)\b")
# People in general, though a word for a relative is in it.
_GENERIC = r"\bpregnant (?:women|woman|people|mothers)"
_ANYONE = re.compile(rf"(?:孕|宝|哺乳期?的?|准)(?:妈妈?|妇)|妈妈们|孩子们|我国|我们国家|{_GENERIC}")
_ASKS = re.compile(r"吗(?![啡丁替])|是不是|会不会|是否|有没有|有无|怎[么样]|如何|(?<!没)(?<!没有)什么|哪|多少|多久|能否|想知道|想了解|^(?:(?:ok|okay|so|and|hi|hello|then|also|but|please)\s)*(?:is|are|am|can|could|should|would|will|do|does|did|may|might|"
    r"what|what's|how|why|when|where|which|who|tell me|explain)\b|\b(?:whether|wonder\w*|(?:to|don't|not) know)\b")
_SUPPOSES = re.compile(r"如果|假如|要是|万一|倘若|假设|\bif\b|\bin case\b")
_TOPIC = re.compile(r"原因|症状|病因|治疗方|的(?:诊断|治疗|饮食|预防|护理|表现|人|患者|病人)|指南|\b(?:causes?|symptoms? of|treatments?|guidelines?|definition)\b")
_WORRY = re.compile(r"怎么办|怎么回事|咋办|咋回事|要不要紧|严重吗|需要(?:去|就|看)|要(?:去|不要去)|what (?:should|can|do) i do")
# A clause ends at punctuation; also, unmarked, where a question begins ("我怀孕了能吃布洛芬吗").
_CUT = re.compile(r"(?P<hard>[，;；。！!?？\n]+\s*|(?:我?想?要?)(?:请问|请教|咨询|问一下|问问|想问)(?:一?下|问)?|(?<!\d),\s*|,(?!\d{3})\s*|\.(?=\s|$)\s*|\s(?:but|while|because|although|though)\s|\s(?:and|as|since)\s(?=(?:i|i'm|i've|my|he|she|he's|she's)\b)"
    r"|\s(?:and|so)\s(?=(?:can|is|are|what|how|should|do|does|have|has|need|want)\b))|(?P<soft>(?=能不能|能否|可不可以|(?<!不)可以|(?<![可功不只才万性])能(?!力)|应该|(?<!应)该(?!药)|要不要|要去|怎么|咋|如何|是否|需要|严重吗|"
    r"[吃用有是]?什么|[吃用]哪|多久|有没有)|\s(?=(?:can (?:i|he|she|we)|should (?:i|we)|is it|what (?:\w+ )?(?:can|should|is|are|do))\b))")
_ZH_AGE = r"(?<![\d.孕])(?:\d{1,3}(?:\.\d)?|[半一二两三四五六七八九十]{1,3})\s?多?\s?"
_ZH_CHILD = "儿子|女儿|宝宝|宝贝|孩子|小孩|儿童|娃|男孩|女孩|婴儿|幼儿|孙子|孙女"
_ZH_ELDER = "男性?|女性?|老人|老太太|妈妈|爸爸|母亲|父亲|外婆|外公|奶奶|爷爷|姥姥|姥爷|妻子|丈夫|老公|老婆"
_NUMBER = r"(?:\d{1,3}(?:\.\d)?|one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve)"
_EN_UNIT = r"(?:year|yr|month|mo|week|wk|day)s?"
# An exact age names the person asked about, wherever it stands.
_AGED = re.compile(rf"(?:我们?家?的?)?{_ZH_AGE}(?:周?岁半?|个半?月(?:大|龄)?|月龄|天大|周大)的?(?:{_ZH_CHILD}|{_ZH_ELDER})|\b(?:(?:my|our|her|his|an?|the)\s)(?:\w+\s)?{_NUMBER}[\s-]?{_EN_UNIT}[\s-]old\b"
    r"(?:\s(?:(?:grand)?(?:son|daughter|mother|father)|baby|boy|girl|child|kid|infant|toddler|man|woman|male|female|mom|mum|dad|wife|husband)\b)?")
_AGE = re.compile(rf"(?:{_ZH_CHILD})(?:今年|现在|刚满?|才|满|已经|快|是|有){{0,2}}{_ZH_AGE}(?:个半?月|月龄|天大|天(?=了|$))(?!前|后|以|内|没)|(?:{_ZH_PERSON}|今年|现年|年龄|患者|男|女)[^0-9]{{0,6}}{_ZH_AGE}周?岁[半了多]?(?!时|的时候|那年|就|起|开始|前|以|之前|到|生日)"
    rf"|^{_ZH_AGE}周?岁[半了多]?$|^(?:男|女)性?\s?\d{{1,3}}\s?岁|[爸妈我公婆爷奶]今年\d{{2,3}}了?$|[爸妈公婆爷奶]\d{{2,3}}了$|\b(?:i'm|im|i am|he's|he is|she's|she is|(?:my|our) \w+ is|age[d:]?)\s(?:\w+\s)?{_NUMBER}"
    rf"(?=$|\syears?\b|\s?y/?o\b|\s(?:and|with)\b|[\s-]{_EN_UNIT}[\s-]old)|(?<!over )(?<!under )(?<!than )(?<!above )(?<!below )\b{_NUMBER}[\s-]{_EN_UNIT}[\s-]old\b|\b\d{{1,3}}\s?(?:y/?o|yrs)\b|^\d{{2}}\s?[mf]\b")
_PAST = re.compile(r"\b(?:was|were|when|at age|children|since age)\b")
# The table of synonyms has them as diseases, but they pass, or are told as an allergy.
_PASSING = frozenset("过敏 食物过敏 花生过敏 牛奶蛋白过敏 严重过敏反应 过敏性休克 药物过敏 青霉素过敏 普通感冒 流行性感冒 上呼吸道感染 急性胃肠炎 食物中毒 中暑 热射病 急性支气管炎 毛细支气管炎 咽炎 链球菌性咽炎 扁桃体炎 喉炎 中耳炎 结膜炎 水痘 手足口病 幼儿急疹 猩红热 鹅口疮 诺如病毒感染 "
    "轮状病毒感染 新型冠状病毒感染 动物咬伤 蛇咬伤 烧伤 烫伤 晒伤 冻伤 脱水 麦粒肿 近视 远视 散光 口唇疱疹 尿布疹 药物过量 早产".split())
_CONDITION = (r"慢性病|慢病|透析|移植|心脏病|肝病|肾病|肝炎|肾炎|(?:肾|肝|心脏)不好|起搏器|支架|蚕豆病|\b(?:diabetic|asthmatic|epileptic|hypertensive|(?:heart|kidney|liver|lung|thyroid) (?:disease|condition|problems?|failure)|"
    r"transplant\w*|dialysis|pacemaker|immuno(?:suppressed|compromised)|chronic \w+|g6pd)\b")
_MEDICINE = (r"药(?![店房师费理名敏])|胰岛素|激素|避孕环|保健品|\b(?:medications?|medicines?|meds|pills?|inhalers?|birth control|blood thinners?|antibiotics?|supplements?|steroids?|insulin)\b")
# Emergency and priority signs of WHO, "Updated guideline: paediatric emergency triage, assessment and
# treatment" (ETAT), 2016, and of 急诊预检分诊专家共识, 中华急诊医学杂志 2018; 39 °C is the amber sign of an
# infant in NICE NG143 (2019), self-harm is a priority condition of WHO mhGAP Intervention Guide 2.0, 2016.
_RED_FLAG = (r"胸口?[^,，]{0,2}[痛疼闷]|胸部?压|呼吸[困急]|喘不[上过]|憋气|透不过气|不能呼吸|[吐呕咳咯]血|便血|黑便|柏油样?便|出血|流血|血流不止|晕[倒厥]|昏[迷厥倒]|叫不醒|意识[不模丧]|失去意识|抽搐|惊厥|抽风|嘴唇?发[紫青]|发绀|紫绀|口角?歪|说话不清|口齿不清|半身[无麻不]|一侧(?:肢体)?(?:无力|麻木)|(?:剧烈|炸裂)[^,，]{0,3}[痛疼]|"
    r"高烧|高热|(?:烧|热|体温)[^,，]{0,6}(?:39|4[0-2])(?!\d)|(?:39|4[0-2])(?:\.\d)?\s?(?:度|℃)|嗜睡|囟门|脖子硬|颈强直|尿不出|误服|中毒|"
    r"\bchest (?:pain|pressure|tightness)|\b(?:short(?:ness)? of breath|breathless\w*|(?:can't|cannot|trouble|difficulty|struggling to) breath\w*)|"
    r"\bbleeding\b|\bblood in\b|\b(?:vomit\w*|cough\w*|thr[oe]w\w* up) (?:up )?blood|\bblack stools?|\btarry|\bfaint(?:ed|ing|s)?\b|\bpass(?:ed|ing) out|\bcollaps\w+|"
    r"\bunconscious\b|\bunresponsive\b|\bseizures?\b|\bconvuls\w+|\bfits\b|\bblue lips|\bslurred|\bface droop\w*|\bone side\b|\bstiff neck|\b(?:worst|severe|thunderclap) headache|"
    r"\bhigh fever|(?:fever|temp\w*)\b[^,]{0,12}\b(?:39|4[0-2]|10[2-7])(?!\d)|\b(?:39|4[0-2])(?:\.\d)?\s?(?:°?c\b|℃|degrees)|\b10[2-7](?:\.\d)?\s?°?f\b|\boverdos\w+|\bpoison\w*")
# Said in a question too it is said: nothing is more urgent.
_SELF_HARM = re.compile(r"不想活|想死|活不下去|活着没意思|(?:想|要|企图|试图|怎么|曾)[^,，]{0,3}(?:自杀|自残|轻生)|自杀的?(?:念头|想法)|结束(?:自己的?)?生命|"
    r"\b(?:kill|hurt|harm)(?:ing)? (?:my|him|her)self\b|\bend(?:ing)? (?:my|his|her) life|\bsuicidal\b(?! ideation (?:is|in)\b)|\bwant(?:s|ed)? to die\b|\bbetter off dead")
_ADVERBS = r"^(?:(?:currently|also|already|now|not|still|been|i|im|am|he|she|is|no|never)\s)*"
_COUNTED = r"怀孕了|怀[着了]|(?:怀孕|孕)\s?(?:\d+|[一二两三四五六七八九十]+)\s?(?:\+\d)?\s?(?:个?多?月|周|天)(?!内|以|前|之前)"


@dataclass(frozen=True, slots=True)
class _Rule:
    """What a clause holds; `bare` too where it names nobody, `soft` where a question follows unmarked."""

    topic: str
    kind: FactKind
    thing: str
    said: str = ""
    bare: str = ""
    soft: str = "(?!)"
    unless: str = "(?!)"
    concepts: str = ""


_RULES = (_Rule("allergy", "allergy",
        r"(?<!抗)(?<!防)过敏(?!性|原|源|药|科|的|症|季)|皮试阳性|\banaphyla\w+|(?<!anti)(?<!anti-)\ballerg(?:ic|y|ies)\b(?! (?:rhinitis|tests?|testing|season|shots?|medic))",),
    _Rule("carrying", "pregnancy",
        r"怀孕|怀[了着上]|孕妇|孕期|孕[早中晚]期|孕\s?\d|妊娠|备孕|身孕|\bpregnan(?:t|cy)\b|trying to conceive|\bexpecting a|\b(?:i'm|im|i am|she's|she is) \d+ w(?:ee)?ks\b(?! old)",
        said=r"(?:怀|孕(?!妇)|妊娠)|[是为][^,]{0,2}孕妇|^孕妇$|\bpregnan|conceive|expecting|w(?:ee)?ks",
        bare=rf"{_COUNTED}|(?:没有?|未|不是|没)怀孕|是孕妇|备孕中|{_ADVERBS}(?:\d+\s(?:weeks?|months?|wks?)\s)?pregnant\b", soft=_COUNTED, unless=_GENERIC),
    _Rule("nursing", "pregnancy", r"哺乳(?!动物|类)|喂奶|母乳|\bbreast[-\s]?feed\w*|\blactating\b|\bnursing (?:my|a|our)\b",
        bare=rf"(?:正?在|还|处于)[^,]{{0,2}}(?:哺乳|喂奶|母乳)|^纯?母乳喂养$|^哺乳期$|产后[^,]*哺乳|{_ADVERBS}breast", soft="正在|还在|处于",),
    _Rule("medicine", "medicine", _MEDICINE,
        said=r"吃|服|用药|[使在]?用|喝|打|注射|吸入|开了|处方|停了|\b(?:take|takes|taking|took|taken|using|uses?|used|prescribed|"
        r"started|stopped|given|gave|injects?|no)\b|^on\b|(?:'m|am|im|is|been|'s|was|currently|also|still|now|not)\s(?:\w+\s)?on\b",
        bare=r"(?:正?在|一直|目前|每[天日]|长期|最近|规律|平时|刚)[^,]{0,8}(?:吃|服|用|喝|打|注射|吸入)|(?:吃|服用?|用|喝|打|注射)[着了过]|"
        rf"^(?:吃|服用?|口服|没|未|不|停|无|用药)|用药[:：]|(?:medications?|meds|medicines?):|{_ADVERBS}(?:taking|took|on|using|medic\w*|meds)\b",
        soft="正在|(?<!现)(?<!存)在[吃服用]|一直|目前|长期|每[天日]",
        unless=r"[想要](?:吃|用|服|打|试)|打算|准备|考虑|\b(?:want|should|may|might|will|would|like|plan\w*|thinking|consider\w*|heard|read|can|could)\b(?!'t)(?! not)", concepts="drugs"),
    _Rule("condition", "condition", _CONDITION,
        bare=r"^(?:既往|曾|还|也)?(?:有|患|得[了过]|确诊|诊断为?|查出|没|无|否认|不)|病史|史$|\d\s?年|多年|\b(?:history of|diagnosed with|known)\b|"
        rf"{_ADVERBS}(?:history|diabetic|asthmatic|diabetes|hypertension|asthma|have|has|had|with|type)\b",
        unless=r"预防|担心|怕|避免|\b(?:prevent\w*|worried|afraid|risk of|avoid|heard|read)\b", concepts="diseases"),
    _Rule("red_flag", "red_flag", _RED_FLAG),
)
_OWN = re.compile(r"\bmy(?: [a-z-]+){1,4}")
_TALKS = re.compile(r"\b(?:is|are|was|can|have|has|had|but|so|please|thanks|thank|the|it|for|what|no|not|feel\w*|since|got)\b|[吃用有是能想要不没]")
_LIST_CLAUSES, _LIST_WORDS, _LIST_CHARS = 12, 4, 12
# fmt: on


@dataclass(frozen=True, slots=True)
class _Clause:
    """A clause, folded, at its offset in the text; `then` is what follows where no punctuation ends it."""

    folded: str
    start: int
    end: int
    then: str
    has_person: bool
    asks: bool


def _facts(text: str) -> Iterator[tuple[str, StandingFact]]:
    clauses = _clauses(text)
    for position, clause in enumerate(clauses):
        if aged := _age(clause):
            start, end = aged
            yield "age", StandingFact("age", text[clause.start + start : clause.start + end].strip())
        for rule in _RULES:
            if span := _span(rule, clauses[position : position + _LIST_CLAUSES]):
                yield rule.topic, StandingFact(rule.kind, text[slice(*span)].strip())


def _span(rule: _Rule, clauses: list[_Clause]) -> tuple[int, int] | None:
    """Give the offsets of the first clause, and of the list it begins, where the rule finds a fact."""
    clause = clauses[0]
    if rule.kind == "red_flag" and _SELF_HARM.search(clause.folded):
        return clause.start, clause.end
    if not _speaks_of(rule, clause.folded) or not (clause.asks or _is_said(rule, clause)):
        return None
    if clause.asks:
        return _presupposed(rule, clause)
    end = clause.end
    if rule.kind in ("allergy", "medicine", "condition") and not clause.then:
        for following in clauses[1:]:
            if not _goes_on(following):
                break
            end = following.end
    return clause.start, end


def _speaks_of(rule: _Rule, folded: str) -> bool:
    if re.search(rule.thing, folded):
        return True
    concepts = find_concepts(folded) if rule.concepts else []
    return any(c.kind == rule.concepts and c.chinese[0] not in _PASSING for c in concepts)


def _is_said(rule: _Rule, clause: _Clause) -> bool:
    if re.search(rule.unless, clause.folded) or not re.search(rule.said, clause.folded):
        return False
    if clause.has_person or (rule.kind == "red_flag" and _WORRY.match(clause.then)):
        return True
    if _TOPIC.search(clause.folded) or _ANYONE.search(clause.folded):
        return False
    return bool(re.search(rule.soft if clause.then else rule.bare, clause.folded))


def _presupposed(rule: _Rule, clause: _Clause) -> tuple[int, int] | None:
    """Find what a question takes for granted: "is my diabetes…", "can my pregnant wife…"."""
    for match in _OWN.finditer("" if _SUPPOSES.search(clause.folded) else clause.folded):
        words = match.group().split(" ")
        for n_words in range(2, len(words) + 1):
            if _speaks_of(rule, " ".join(words[:n_words])):
                n_words += words[n_words - 1] in ("pregnant", "diabetic", "asthmatic")
                start = clause.start + match.start()
                return start, start + len(" ".join(words[:n_words]))
    return None


def _goes_on(clause: _Clause) -> bool:
    """Tell whether a clause only carries a list on: "penicillin, sulfa and latex"."""
    if clause.asks or clause.then or _PERSON.search(clause.folded) or _TALKS.search(clause.folded):
        return False
    if clause.folded.isascii():
        return len(clause.folded.split()) <= _LIST_WORDS
    kinds = {concept.kind for concept in find_concepts(clause.folded)}
    return len(clause.folded) <= _LIST_CHARS and bool(kinds & {"drugs", "diseases"})


def _age(clause: _Clause) -> tuple[int, int] | None:
    if match := _AGED.search(clause.folded):
        return match.span()
    match = _AGE.search(clause.folded)
    if match is None or _PAST.search(clause.folded) or _SUPPOSES.search(clause.folded):
        return None
    return match.span() if clause.asks or clause.then else (0, len(clause.folded))


def _clauses(text: str) -> list[_Clause]:
    folded = "".join(map(_folded, text))
    clauses: list[_Clause] = []
    start, goes_on = 0, False
    for match in [*_CUT.finditer(folded), None]:
        end, stop = (match.start(), match.group().strip()[:1]) if match else (len(folded), "")
        if words := folded[start:end].strip():
            then = folded[end : end + 40].lstrip() if match and match["hard"] is None else ""
            # "我老公今年42，痛风": whoever was spoken of is spoken of until the sentence ends.
            has_person = bool(_PERSON.search(_ANYONE.sub(" ", words))) or (goes_on and not then)
            unsure = stop in ("?", "？") and not has_person
            asks = unsure or bool(_ASKS.search(words) or _SUPPOSES.search(words))
            start = folded.index(words, start)
            clauses.append(_Clause(words, start, start + len(words), then, has_person, asks))
            goes_on = stop in (",", "，") and has_person and not asks
        start = match.end() if match else end
    return clauses


@lru_cache(maxsize=16_384)
def _folded(char: str) -> str:
    """Fold one character to one, so that offsets stay those of the text."""
    folded = "'" if char == "’" else fold_text(char)
    return folded if len(folded) == 1 else char
