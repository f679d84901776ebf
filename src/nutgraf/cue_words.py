"""The words by which a report tells speech: verbs of saying, and what stands around a speaker.

Data for English, in lower case and with straight apostrophes.
"""

from __future__ import annotations

import unicodedata


def words(text: str) -> frozenset[str]:
    return frozenset(text.split())


def low(word: str) -> str:
    """A word as it is compared with these."""
    return unicodedata.normalize("NFC", word).replace("’", "'").casefold()


# --------------------------------------------------------------------------------------
# Verbs


def _forms(verb: str) -> list[str]:
    """The forms of a regular verb: add, adds, added, adding."""
    verb, _, doubled = verb.partition("+")  # "admit+t" doubles its t
    stem = verb + doubled
    if verb.endswith("e"):
        return [verb, verb + "s", verb + "d", verb[:-1] + "ing"]
    if verb.endswith("y") and verb[-2] not in "aeiou":
        return [verb, verb[:-1] + "ies", verb[:-1] + "ied", verb + "ing"]
    s = "es" if verb.endswith(("s", "sh", "ch", "x")) else "s"
    return [verb, verb + s, stem + "ed", stem + "ing"]


def _cues(regular: str, others: str) -> dict[tuple[str, ...], str]:
    """Verbs as tuples of words -> the first form of the verb ("called for" -> "call for")."""
    table = {}
    for one in regular.split(","):
        verb, _, rest = one.strip().partition(" ")
        for form in _forms(verb):
            table[(form, *rest.split())] = f"{verb.partition('+')[0]} {rest}".strip()
    for line in others.split(","):
        first, *_ = forms = line.split("/")
        for form in forms:
            table[tuple(form.split())] = first.strip()
    return table


SAYING = _cues(
    "acknowledge, add, admit+t, advise, agree, announce, answer, argue, ask, assert, assure, "
    "bark, beam, boast, caution, chant, claim, comment, complain, concede, conclude, confess, "
    "confide, confirm, continue, counter, cry, declare, decide, demand, deny, enquire, exclaim, "
    "explain, estimate, gasp, groan, grumble, grin+n, hint, inform, inquire, insist, interject, "
    "interrupt, joke, laugh, lament, maintain, mention, murmur, muse, mutter, note, object, "
    "observe, offer, order, plead, pledge, point out, predict, proclaim, promise, protest, quip+p, "
    "reason, recall, recount, reflect, remark, remember, remind, repeat, reply, report, respond, "
    "retort, reveal, roar, scoff, scream, shout, shrug+g, sigh, smile, snap+p, sob+b, state, "
    "stress, suggest, testify, tweet, urge, venture, volunteer, vow, wail, warn, whisper, wonder, "
    "yell, post, sum+m up, chip+p in, sign, text, email, advertise",
    "say/says/said/saying,tell/tells/told/telling,write/writes/wrote/written/writing,"
    "read/reads/reading,go on/goes on/went on/going on,begin/begins/began/beginning,"
    "sing/sings/sang/singing,swear/swears/swore/swearing,put it/puts it/putting it,"
    "make clear/makes clear/made clear/making clear,find/finds/found/finding,"
    "think/thinks/thought/thinking,according to",
)
"""Verbs that may stand beside a quotation, form -> first form. "according to" is taken as one."""

ACTS = _cues(
    "accuse, appeal for, ask for, blame, brand, call, call for, call on, complain of, "
    "complain about, condemn, criticise, criticize, demand, denounce, describe, dismiss, hail, "
    "insist on, label, liken, object to, plead for, praise, promise, propose, recommend, "
    "refer+r to, reject, talk of, talk about, tout, voice, warn of, warn about, warn against, "
    "characterise, characterize, portray, defend, mock, welcome, press for, push for",
    "speak of/speaks of/spoke of/speaking of,speak about/speaks about/spoke about/speaking about",
)
"""Verbs that tell what somebody did with words; the quotation follows them in the same sentence."""

SELF = _cues(
    "tout, style, bill, describe, brand, call, cast, present, proclaim, declare, label, market, "
    "advertise, name, portray, paint, crown, dub+b, introduce",
    "see/sees/saw/seeing",
)
"""Verbs that tell what people call themselves, with "himself" and the like after them."""

CUES = ACTS | SAYING

# --------------------------------------------------------------------------------------
# Words around a speaker

PRONOUNS = {"he": "m", "she": "f", "they": "", "it": ""}
REFLEXIVE = {"himself": "him", "herself": "her", "themselves": "them", "itself": "it"}
DETERMINERS = words(
    "the a an his her their its our my your this that these those one two three four five another "
    "some several many most few both each every any no all other"
)
DEFINITE = words("the this that his her their its our")
# These go on with the noun: a spokesman for the club.
OF = words("of for from")
PREPOSITIONS = OF | words(
    "in on at by with to after before during as when while where about over under near into within "
    "without against between among since until because if although though but and or than through "
    "across around behind beside outside inside"
)
ADVERBS = words(
    "later then also once often again first finally still now even only just always never soon "
    "has had have would will is was are were did does long recently since too"
)
# Words that are never the subject of a verb when nothing but themselves stands there.
NO_NOUNS = words(
    "and or but that which who whom whose what when where while if because as than not nor so yet "
    "to been be being is was are were has had have will would can could may might must should do "
    "does did me him us them i we you there here how why too very more most less"
)
DAYS = words(
    "monday tuesday wednesday thursday friday saturday sunday january february march april may "
    "june july august september october november december yesterday today tomorrow"
)
# A noun has ended before these.
ENDING = PREPOSITIONS | DAYS | NO_NOUNS | ADVERBS | frozenset(PRONOUNS)
# Words that begin no name, however they are written.
NO_NAMES = (
    ENDING
    | DETERMINERS
    | words(
        "asked such last next it's that's there's he's she's we're they're i'm yes nobody somebody "
        "someone everybody everyone nothing everything something people meanwhile however instead "
        "earlier nearly almost perhaps maybe despite like unlike per nor only"
    )
)
# Small parts of names: van der Meer, bin Said.
PARTICLES = words(
    "al el ul bin ibn bint abu ben van von der den de del della di da do dos du la le ter ten zu "
    "af av y e st saint mac o"
)
TITLES = words(
    "mr mrs ms miss mx dr prof professor sir dame lord lady st rev reverend fr father sister "
    "brother imam rabbi sheikh ayatollah pastor bishop judge justice president king queen prince "
    "princess chancellor minister senator sen representative rep congressman congresswoman "
    "governor gov mayor councillor councilor councilman councilwoman cllr alderman general gen "
    "colonel col major maj captain capt lieutenant lt sergeant sgt corporal private detective "
    "inspector superintendent constable officer sheriff chief coach chef director chairman "
    "chairwoman chairperson chair secretary ambassador commissioner deputy vice former principal "
    "headteacher headmaster headmistress teacher nurse librarian curator conductor organiser "
    "organizer spokesman spokeswoman spokesperson farmer baker butcher author poet singer actor "
    "actress painter sculptor engineer architect lawyer attorney striker goalkeeper midfielder "
    "defender manager owner resident neighbour neighbor student pupil graduate volunteer "
    "researcher scientist biologist historian economist analyst journalist reporter editor "
    "caretaker treasurer"
)
# Titles that a full stop may follow.
ABBREVIATIONS = words("mr mrs ms mx dr prof st rev fr sen rep gov cllr gen col maj capt lt sgt")
WOMEN = words(
    "mrs ms miss dame lady woman sister mother daughter wife girl aunt grandmother actress widow "
    "niece queen princess"
)
MEN = words(
    "mr sir lord man brother father son husband boy uncle grandfather actor widower nephew king "
    "prince"
)
KIN = WOMEN | MEN | words("partner friend colleague neighbour neighbor child cousin twin")
GROUPS = words(
    "police officials residents organisers organizers villagers neighbours neighbors critics "
    "supporters opponents protesters witnesses experts scientists researchers parents teachers "
    "pupils students farmers players fans doctors nurses drivers fishermen analysts activists "
    "firefighters locals authorities prosecutors workers visitors members councillors volunteers"
)
