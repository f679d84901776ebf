"""Loading an article, its tables, and what happens when a seed is damaged."""

from __future__ import annotations

import copy
import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from nutgraf import Article, NutgrafError, load
from nutgraf.article import _validate_summaries, read_seed, seeds, validate_reference
from nutgraf.paths import kit_dir

SEED = kit_dir("seeds") / "sadr-protests"
TEXT = (SEED / "article.txt").read_bytes().decode("utf-8")
REFERENCE = json.loads((SEED / "reference.json").read_text(encoding="utf-8"))
SUMMARIES = yaml.safe_load((SEED / "summaries.yml").read_text(encoding="utf-8"))

STORY = "Rain stops play\n\nThe match ended early. “We’ll be back,” said Ann Lee."
ODD = "Zoë’s 👩‍🔬 e\u0301té\u00a0– “So?” she asked.\n\n \u00a0\nمرحبا بالعالم. 1,000…"


def make_seed(folder: Path, **files: str | bytes) -> Path:
    """A seed of STORY; `article_yml="..."` writes another article.yml, and so on."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, content in ({"article_txt": STORY, "article_yml": "title: Rain\n"} | files).items():
        data = content if isinstance(content, bytes) else content.encode()
        (folder / ".".join(name.rsplit("_", 1))).write_bytes(data)
    return folder


# --- the kit's own article --------------------------------------------------------------------


def test_load_without_a_name_gives_the_article_of_the_lessons(article):
    assert load() is article
    assert article.name == "sadr-protests"


def test_text_is_the_file_decoded_and_nothing_else(article):
    assert article.data == (SEED / "article.txt").read_bytes()
    assert article.text.encode("utf-8") == article.data


def test_the_repr_tells_how_much_text_there_is(article):
    expected = "2,697 characters, 15 paragraphs, 20 sentences, 430 words"
    assert repr(article) == f"<Article 'sadr-protests': {expected}>"


def test_info_says_what_article_yml_says(article):
    assert article.info["title"] == "Sadr calls on Iraqis to join Friday anti-US protests"
    assert article.info["in_file"]["byline"] is None


def test_an_article_cannot_be_changed_by_accident(article):
    with pytest.raises(AttributeError):
        article.text = "something else"


def test_two_articles_with_the_same_bytes_and_name_are_equal():
    assert Article.from_text("One.") == Article.from_text("One.")
    assert len({Article.from_text("One."), Article.from_text("One.")}) == 1


def test_the_sentences_are_the_twenty_of_the_reference(article):
    found = list(zip(article.sentences["start"], article.sentences["end"], strict=True))
    assert found == [(row["start"], row["end"]) for row in REFERENCE["sentences"]]


def test_the_paragraphs_are_the_fifteen_of_the_reference(article):
    found = list(zip(article.paragraphs["start"], article.paragraphs["end"], strict=True))
    assert found == [(row["start"], row["end"]) for row in REFERENCE["paragraphs"]]


def test_each_sentence_lies_in_the_paragraph_that_the_reference_names(article):
    names = [f"P{number:02}" for number in article.sentences["paragraph"]]
    assert names == [row["paragraph"] for row in REFERENCE["sentences"]]


@pytest.mark.parametrize(("unit", "rows"), [("sentence", "sentences"), ("paragraph", "paragraphs")])
def test_words_add_up_to_the_words_of_the_reference(article, unit, rows):
    counted = article.words.groupby(unit).size().tolist()
    assert counted == [row["words"] for row in REFERENCE[rows]]
    assert sum(counted) == 430


# --- tables -----------------------------------------------------------------------------------

COLUMNS = {
    "paragraphs": ["start", "end", "text"],
    "sentences": ["start", "end", "text", "paragraph"],
    "words": ["start", "end", "text", "sentence", "paragraph"],
}


@pytest.mark.parametrize("name", COLUMNS)
@pytest.mark.parametrize("text", [TEXT, ODD, STORY, "", "\n \n"])
def test_a_table_has_its_columns_and_counts_from_zero(name, text):
    table = getattr(Article.from_text(text), name)
    assert table.columns.tolist() == COLUMNS[name]
    assert table.index.tolist() == list(range(len(table)))
    numbers = [column for column in COLUMNS[name] if column != "text"]
    assert {str(table[column].dtype) for column in numbers} == {"int64"}


@pytest.mark.parametrize("name", COLUMNS)
def test_changing_a_table_changes_no_other(article, name):
    table = getattr(article, name)
    table.loc[0, "text"] = "gone"
    assert getattr(article, name)["text"][0] != "gone"


def consistent(article: Article) -> None:
    paragraphs, sentences, words = article.paragraphs, article.sentences, article.words
    for table in (paragraphs, sentences, words):
        for row in table.itertuples():
            assert article.text[row.start : row.end] == row.text
            assert row.start < row.end
        assert (table["start"].iloc[1:].to_numpy() >= table["end"].iloc[:-1].to_numpy()).all()
    for inner, outer, key in (
        (sentences, paragraphs, "paragraph"),
        (words, sentences, "sentence"),
        (words, paragraphs, "paragraph"),
    ):
        for row in inner.itertuples():
            around = outer.loc[getattr(row, key)]
            assert around["start"] <= row.start < row.end <= around["end"]


@pytest.mark.parametrize("text", [TEXT, ODD, STORY], ids=["article", "odd", "story"])
def test_tables_agree_with_the_text_and_with_each_other(text):
    consistent(Article.from_text(text))


# Pieces of prose with the marks that go wrong, rather than letters at random.
PIECES = (
    "Sadr|asked|“So?”|said.|(KH).|On|a|U.S.|1,000|don’t|…|—|مرحبا.|👩\u200d🔬|e\u0301|\ufeff|"
    "\n|\n\n|\r\n|\u2028|\u00a0|\t|"
)
PROSE = st.lists(st.sampled_from(PIECES.split("|"))).map(" ".join)


@settings(max_examples=100)
@given(st.one_of(PROSE, st.text(max_size=60)))
def test_tables_agree_for_any_text(text):
    consistent(Article.from_text(text))


# --- an article from a text -------------------------------------------------------------------


def test_a_text_of_ones_own_is_an_article_with_tables():
    article = Article.from_text(STORY, name="rain")
    assert repr(article) == ("<Article 'rain': 70 characters, 2 paragraphs, 3 sentences, 13 words>")


def test_the_repr_of_small_articles_knows_one_from_many():
    expected = "<Article 'my-article': 4 characters, 1 paragraph, 1 sentence, 1 word>"
    assert repr(Article.from_text("One.")) == expected


@pytest.mark.parametrize("what", ["reference", "summaries"])
def test_a_text_of_ones_own_has_no_reference_and_says_how_to_get_one(what):
    with pytest.raises(NutgrafError, match=rf"'rain' has no {what}.*load\(\"sadr-protests\"\)"):
        getattr(Article.from_text(STORY, name="rain"), what)


@pytest.mark.parametrize("text", [None, b"bytes", 7])
def test_from_text_wants_a_string(text):
    with pytest.raises(NutgrafError, match="takes a string"):
        Article.from_text(text)


def test_from_text_refuses_half_a_character_and_says_where():
    with pytest.raises(NutgrafError, match=r"offset 3 \(U\+D800\)"):
        Article.from_text("abc\ud800")


# --- finding seeds ----------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["nope", "", "..", "../sadr-protests", ".", None, 3, ["x"]])
def test_an_unknown_seed_lists_those_there_are(name):
    with pytest.raises(NutgrafError, match='There are: "kettle-bridge", "sadr-protests"'):
        load(name)


def test_a_class_brings_its_own_article(learner):
    make_seed(learner / "seeds" / "rain")
    assert load("rain").text == STORY
    assert list(seeds()) == ["kettle-bridge", "sadr-protests", "rain"]


def test_the_kits_article_keeps_its_name(learner):
    make_seed(learner / "seeds" / "sadr-protests")
    assert load("sadr-protests").text == TEXT


def test_an_edited_article_is_read_again(learner):
    folder = make_seed(learner / "seeds" / "rain")
    before = load("rain")
    assert load("rain") is before
    (folder / "article.txt").write_text("Sun returns, and the match goes on.", encoding="utf-8")
    assert load("rain").text.startswith("Sun")


def test_hidden_folders_and_files_are_no_seeds(learner):
    make_seed(learner / "seeds" / ".hidden")
    (learner / "seeds" / "notes.txt").write_text("not a folder", encoding="utf-8")
    assert list(seeds()) == ["kettle-bridge", "sadr-protests"]


def test_load_makes_nltk_work_offline(monkeypatch):
    called = []
    monkeypatch.setattr("nutgraf.offline.use_offline_nltk", lambda: called.append(True))
    load()
    assert called == [True]


def test_a_file_that_may_not_be_read_is_named(tmp_path, monkeypatch):
    def refuse(path: Path) -> bytes:
        raise PermissionError(13, "Permission denied")

    folder = make_seed(tmp_path / "rain")
    monkeypatch.setattr(Path, "read_bytes", refuse)
    with pytest.raises(NutgrafError, match=r"rain/article\.txt cannot be read: Permission"):
        read_seed(folder)


def test_importing_the_module_does_not_import_pandas_nltk_or_yaml():
    code = (
        "import sys, nutgraf.article\n"
        "print([name for name in ('pandas', 'nltk', 'yaml', 'matplotlib') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


# --- a text is the truth ----------------------------------------------------------------------


@pytest.mark.parametrize("data", [b"\xef\xbb\xbfRain stops play", b"Rain.\r\n\r\nSun.\r\n"])
def test_a_byte_order_mark_and_windows_line_ends_are_kept_and_counted(tmp_path, data):
    article = read_seed(make_seed(tmp_path / "rain", article_txt=data))
    assert article.text == data.decode("utf-8")
    assert len(article.text.encode()) == len(data)
    consistent(article)


def test_windows_line_ends_stay_out_of_paragraphs(tmp_path):
    article = read_seed(make_seed(tmp_path / "rain", article_txt=b"Rain.\r\n\r\nSun.\r\n"))
    assert article.paragraphs["text"].tolist() == ["Rain.", "Sun."]


def test_a_byte_order_mark_in_a_data_file_means_nothing(tmp_path):
    files = {
        "article_yml": b"\xef\xbb\xbftitle: Rain",
        "reference_json": b'\xef\xbb\xbf{"schema": 1}',
    }
    article = read_seed(make_seed(tmp_path / "rain", **files))
    assert article.info == {"title": "Rain"}
    assert article.reference == {"schema": 1}


# --- damaged seeds ----------------------------------------------------------------------------

DIGEST = "0" * 64
DAMAGED = {
    "an empty article": ("article.txt", b" \n", r"article\.txt: there is no text"),
    "an article in Latin-1": (
        "article.txt",
        b"Rain.\nCaf\xe9.",
        r"byte 9, in line 2, is not UTF-8",
    ),
    "an article in UTF-16": ("article.txt", "Rain".encode("utf-16"), r"byte 0, in line 1"),
    "an empty article.yml": ("article.yml", b"", r"article\.yml: .*key: value"),
    "no title": ("article.yml", b"language: en", r"article\.yml: title: "),
    "a title that is a number": ("article.yml", b"title: 7", r"article\.yml: title: "),
    "a wrong sha256": (
        "article.yml",
        f"title: T\nsha256: '{DIGEST}'",
        r"sha256: .*put the original",
    ),
    "a wrong length": (
        "article.yml",
        "title: T\ncharacters: 3",
        r"characters: article\.txt has 70",
    ),
    "a length in words": ("article.yml", "title: T\nbytes: many", r"bytes: article\.txt has \d+"),
    "broken YAML": ("article.yml", "title: 'T\n", r"article\.yml, line 2, column 1: "),
    "a doubled key": ("article.yml", "title: T\ntitle: U", r"line 2, column 1: the key 'title'"),
    "an alias": ("article.yml", "a: &a [1]\ntitle: *a", r"line 2, column 8: aliases"),
    "a list that holds itself": ("article.yml", "title: T\na: &a [*a]", r"aliases"),
    "an object of Python's": ("article.yml", "title: !!python/name:os.system", r"line 1, column 8"),
    "an impossible date": (
        "article.yml",
        "title: T\ndate: 2020-99-99",
        r"article\.yml: month must",
    ),
    "an empty number": ("article.yml", "title: !!int ''", r"article\.yml: .* Correct the YAML"),
    "a deep article.yml": ("article.yml", "title: " + "[" * 60 + "]" * 60, r"nested more than"),
    "a bottomless article.yml": ("article.yml", "title: " + "[" * 5000, r"Correct the YAML"),
    "article.yml in Latin-1": ("article.yml", b"title: Caf\xe9", r"article\.yml: byte 10"),
    "broken JSON": (
        "reference.json",
        '{\n "schema": 1,,\n}',
        r"reference\.json, line 2, column 14",
    ),
    "JSON with a doubled key": (
        "reference.json",
        '{"a": 1, "a": 2}',
        r"the key 'a' is there twice",
    ),
    "JSON with NaN": ("reference.json", '{"schema": NaN}', r"NaN is not JSON"),
    "JSON with a huge number": (
        "reference.json",
        f'{{"schema": {"9" * 5000}}}',
        r"reference\.json: ",
    ),
    "bottomless JSON": ("reference.json", "[" * 200_000, r"reference\.json"),
    "deep JSON": (
        "reference.json",
        '{"schema": 1, "a": ' + "[" * 60 + "]" * 60 + "}",
        r"reference\.json: nested more than",
    ),
    "a reference that is a list": ("reference.json", "[]", r"has to be an object"),
    "another schema": ("reference.json", '{"schema": 2}', r"schema: .* reads schema 1, not 2"),
    "a schema that is true": ("reference.json", '{"schema": true}', r"not True"),
    "summaries in a list": ("summaries.yml", "- a", r"summaries\.yml: .*schema: 1"),
    "a text that is a number": (
        "summaries.yml",
        "schema: 1\nfaithful: [{text: 5}]",
        r"faithful\[0\]\.text: ",
    ),
    "one distorted summary alone": (
        "summaries.yml",
        "schema: 1\ndistorted: [{watermark: X, text: X y}]",
        r"one alone",
    ),
    "a distorted summary without its watermark": (
        "summaries.yml",
        "schema: 1\ndistorted: [{watermark: X, text: X y}, {watermark: X, text: y}]",
        r"distorted\[1\]\.text: .*watermark",
    ),
    "an altered spot elsewhere": (
        "summaries.yml",
        "schema: 1\ndistorted:\n- &a {watermark: X, text: X y}\n- {watermark: X, text: X y, "
        "altered: [{altered: {start: 0, end: 1, quote: y}}]}",
        r"distorted\[1\]\.altered\[0\]\.altered: the text does not say 'y'",
    ),
}


@pytest.mark.parametrize(("file", "content", "message"), DAMAGED.values(), ids=DAMAGED.keys())
def test_damage_is_named_with_file_and_place(tmp_path, file, content, message):
    folder = make_seed(tmp_path / "rain", **{file.replace(".", "_"): content})
    with pytest.raises(NutgrafError, match=message) as caught:
        read_everything(folder, file)
    assert str(caught.value).startswith(f"rain/{file}")


def read_everything(folder: Path, file: str = "") -> None:
    article = read_seed(folder)
    if file != "summaries.yml":
        assert article.reference
    assert article.summaries


@pytest.mark.parametrize("file", ["article.txt", "article.yml", "reference.json", "summaries.yml"])
def test_a_missing_file_is_named_with_a_way_out(tmp_path, file):
    files = {"reference_json": '{"schema": 1}', "summaries_yml": "schema: 1"}
    folder = make_seed(tmp_path / "rain", **files)
    (folder / file).unlink()
    with pytest.raises(NutgrafError, match=rf"rain/{file} (is missing|does not exist)"):
        read_everything(folder)


@pytest.mark.parametrize("file", ["article.txt", "article.yml"])
def test_a_folder_in_the_place_of_a_file_is_an_error_too(tmp_path, file):
    folder = make_seed(tmp_path / "rain")
    (folder / file).unlink()
    (folder / file).mkdir()
    with pytest.raises(NutgrafError, match=rf"rain/{file} cannot be read"):
        read_seed(folder)


def test_messages_do_not_show_where_the_folder_lies(tmp_path):
    with pytest.raises(NutgrafError) as caught:
        read_seed(tmp_path / "rain")
    assert str(tmp_path) not in str(caught.value)


# --- references -------------------------------------------------------------------------------


def test_the_kits_reference_is_valid():
    validate_reference(TEXT, REFERENCE)


def test_a_reference_may_leave_out_sections():
    validate_reference("any text", {"schema": 1})


def changed(path: str, value) -> dict:
    """The reference with one value replaced (`del` removes it): quotations.3.cue.start."""
    reference = copy.deepcopy(REFERENCE)
    *way, last = [int(step) if step.isdigit() else step for step in path.split(".")]
    here = reference
    for step in way:
        here = here[step]
    if value == "del":
        del here[last]
    else:
        here[last] = value
    return reference


WRONG = [
    ("quotations.3.cue.start", 671, r"^reference\.json: quotations\[3\]\.cue: .*first does at 672"),
    ("quotations.3.end", 661, r"quotations\[3\]: the text does not say"),
    ("sentences.4.quote", "Do you", r"sentences\[4\]: "),
    ("sentences.4.quote", 5, r"sentences\[4\]: .*quote a string"),
    ("sentences.4.start", True, r"sentences\[4\]: start and end have to be whole numbers"),
    ("sentences.4.start", 527.0, r"whole numbers"),
    ("sentences.0.start", -1, r"sentences\[0\]: -1 to 52 is no place"),
    ("sentences.19.end", 2698, r"2698 is no place in a text of 2,697 characters"),
    ("sentences.0.end", 0, r"sentences\[0\]: 0 to 0 is no place"),
    ("sentences.4.quote", "del", r"sentences\[4\]: .*quote is missing"),
    ("crosschecks.0.spans.1.end", "del", r"crosschecks\[0\]\.spans\[1\]: .*end is missing"),
    ("entities.mentions.5.start", 0, r"entities\.mentions\[5\]: "),
    ("entities", [], r"entities: this has to be an object"),
    ("sentences", {}, r"sentences: this has to be a list"),
    ("sentences.3", "S03", r"sentences: this has to be a list of objects"),
    ("sentences.3.id", "S02", r"sentences\[3\]\.id: 'S02' is no string, or is there twice"),
    ("sentences.3", REFERENCE["sentences"][1] | {"id": "x"}, r"sentences\[3\]: it starts at 54"),
    ("frames.present.0.cues.0.quote", "US", r"frames\.present\[0\]\.cues\[0\]: "),
]


@pytest.mark.parametrize(("path", "value", "message"), WRONG)
def test_a_wrong_span_is_named_by_its_path(path, value, message):
    with pytest.raises(NutgrafError, match=message):
        validate_reference(TEXT, changed(path, value))


@pytest.mark.parametrize("what", ["reference", "summaries"])
def test_a_learner_cannot_spoil_the_reference_for_the_next_cell(article, what):
    getattr(article, what).clear()
    assert getattr(article, what)["schema"] == 1


# --- nothing but NutgrafError -----------------------------------------------------------------

JUNK = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.sampled_from(["start", "end", "quote", "id", "text", "schema", "title", "distorted"])
            | st.text(max_size=4),
            inner,
            max_size=5,
        )
    ),
    max_leaves=12,
)
BITS = (
    "title:~schema: 1~- ~[~]~{~}~&a ~*a~!!int ~!!binary ~!!timestamp ~!!set ~!!pairs ~!!bool ~"
    "<<: ~? ~: ~'~\"~\\x~#~|~>~%YAML~---~...~=~1e9~0o8~2020-13-01~\t~\n~\n  ~\x00~é"
)
YAML_BITS = st.lists(st.sampled_from(BITS.split("~")), max_size=12).map("".join)


def complaint(function: Callable, *arguments) -> str | None:
    """What our error says, None without one; any other error fails the test."""
    try:
        function(*arguments)
    except NutgrafError as error:
        return str(error)
    return None


def only_nutgraf_errors(folder: Path) -> None:
    for name in ("info", "reference", "summaries"):
        said = complaint(lambda name=name: getattr(read_seed(folder), name))
        assert said is None or f"{folder.name}/" in said


@pytest.fixture(scope="module")
def spare(tmp_path_factory) -> Path:
    return tmp_path_factory.mktemp("spare") / "rain"


@pytest.mark.parametrize("file", ["article_txt", "article_yml", "reference_json", "summaries_yml"])
@settings(max_examples=100)
@given(data=st.binary(max_size=60))
def test_any_bytes_in_any_file_raise_only_our_error(spare, file, data):
    only_nutgraf_errors(make_seed(spare, **{file: data}))


@pytest.mark.parametrize("file", ["article_yml", "summaries_yml"])
@settings(max_examples=200)
@given(source=YAML_BITS)
def test_any_yaml_raises_only_our_error(spare, file, source):
    only_nutgraf_errors(make_seed(spare, **{file: source}))


@pytest.mark.parametrize("file", ["article_yml", "reference_json", "summaries_yml"])
@settings(max_examples=100)
@given(junk=JUNK)
def test_any_json_raises_only_our_error(spare, file, junk):
    if isinstance(junk, dict):
        junk = {"schema": 1} | junk
    only_nutgraf_errors(make_seed(spare, **{file: json.dumps(junk)}))


def places(value, path: tuple = ()) -> list[tuple]:
    inner = value.items() if isinstance(value, dict) else enumerate(value)
    found = []
    for key, one in inner:
        found.append((*path, key))
        if isinstance(one, (dict, list)):
            found += places(one, (*path, key))
    return found


PLACES = {"reference_json": places(REFERENCE), "summaries_yml": places(SUMMARIES)}
WHOLE = {"reference_json": REFERENCE, "summaries_yml": SUMMARIES}


@pytest.mark.parametrize("file", WHOLE)
@settings(max_examples=100)
@given(data=st.data(), junk=JUNK)
def test_junk_at_any_place_of_a_real_file_raises_only_our_error(file, data, junk):
    *way, last = data.draw(st.sampled_from(PLACES[file]))
    broken = here = copy.deepcopy(WHOLE[file])
    for step in way:
        here = here[step]
    here[last] = junk
    if file == "reference_json":
        said = complaint(validate_reference, TEXT, broken)
    else:
        said = complaint(_validate_summaries, TEXT, broken, "summaries.yml")
    assert said is None or said.startswith(file.replace("_", "."))


@settings(max_examples=100)
@given(st.integers(-3, 2700), st.integers(-3, 2700), st.text(max_size=5))
def test_a_span_passes_only_if_the_text_says_its_quote(start, end, quote):
    span = {"start": start, "end": end, "quote": quote}
    says = 0 <= start < end <= len(TEXT) and TEXT[start:end] == quote
    said = complaint(validate_reference, TEXT, {"schema": 1, "anything": [span]})
    assert (said is None) == says


@settings(max_examples=100)
@given(st.data())
def test_a_span_cut_from_any_text_passes(data):
    text = data.draw(st.text(min_size=1, max_size=30))
    start = data.draw(st.integers(0, len(text) - 1))
    end = data.draw(st.integers(start + 1, len(text)))
    span = {"start": start, "end": end, "quote": text[start:end]}
    validate_reference(text, {"schema": 1, "quotations": [span]})
