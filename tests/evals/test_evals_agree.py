"""A judge against people: the figures of scikit-learn and statsmodels, and what is said of gaps."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import cohen_kappa_score, confusion_matrix
from statsmodels.stats.inter_rater import cohens_kappa

from scaffold.evals import CasesError
from scaffold.evals.agree import agree, kappa
from scaffold.evals.publication import filled

PEOPLE = [0] * 7 + [1] * 6 + [2] * 7
JUDGE = [0, 0, 0, 0, 0, 1, 2, 1, 1, 1, 1, 0, 2, 2, 2, 2, 2, 2, 1, 1]


def files(folder, people=PEOPLE, judge=JUDGE):
    csv, jsonl = folder / "people.csv", folder / "judge.jsonl"
    csv.write_text("id,label\n" + "".join(f"{i},{x}\n" for i, x in enumerate(people)), "utf-8")
    lines = (json.dumps({"id": i, "label": x}) + "\n" for i, x in enumerate(judge))
    jsonl.write_text("".join(lines), "utf-8")
    return csv, jsonl


def test_agreement_is_what_scikit_learn_says(tmp_path):
    found = agree(*files(tmp_path))
    assert found["kappa"] == pytest.approx(cohen_kappa_score(PEOPLE, JUDGE))
    assert (found["low"], found["high"]) == pytest.approx((0.250861109900066, 0.850262485605553))
    assert found["matrix"] == confusion_matrix(PEOPLE, JUDGE).tolist()
    assert {"kappa", "low", "high", "n", "matrix", "labels"} <= set(found)
    shown = filled("agree.md.j2", found=found)
    assert "0.551 [0.251, 0.850] (n = 20)" in shown
    assert "6 disagreements" in shown


@given(st.lists(st.tuples(st.sampled_from("abc"), st.sampled_from("abc")), min_size=5))
def test_kappa_and_its_error_are_those_of_statsmodels(pairs):
    people, judge = zip(*pairs, strict=True)
    found = kappa(people, judge)
    labels = sorted({*people, *judge})
    if found.mean is None:
        assert len({*people}) == len({*judge}) == 1
        return
    wanted = cohens_kappa(confusion_matrix(people, judge, labels=labels))
    assert found.mean == pytest.approx(wanted.kappa)
    # Where one side has one label only, the variance is 0 but for rounding, whose root may be NaN.
    assert found.se == pytest.approx(max(0.0, wanted.var_kappa) ** 0.5, abs=1e-6)


def test_one_label_only_has_no_kappa_and_says_so(tmp_path):
    found = agree(*files(tmp_path, ["yes"] * 5, ["yes"] * 5))
    assert found["kappa"] is None
    assert "one label only" in filled("agree.md.j2", found=found)


def test_labels_without_a_partner_are_counted(tmp_path):
    found = agree(*files(tmp_path, PEOPLE, JUDGE[:18]))
    assert found["n"] == 18
    assert "2 labels left out" in filled("agree.md.j2", found=found)


def test_a_file_without_the_columns_is_a_sentence(tmp_path):
    people, judge = files(tmp_path)
    people.write_text("id,verdict\n1,yes\n", "utf-8")
    with pytest.raises(CasesError, match="line 2: needs the columns id and label"):
        agree(people, judge)


def test_a_number_is_the_same_label_however_a_table_wrote_it(tmp_path):
    found = agree(*files(tmp_path, ["1.0", "0.0", "1", "0.5"], [1, 0, 1.0, 0.5]))
    assert (found["kappa"], found["labels"]) == (1, ["0", "0.5", "1"])


def test_where_one_rater_never_varies_there_is_no_interval_and_that_is_said(tmp_path):
    found = agree(*files(tmp_path, ["yes"] * 6, ["yes", "no"] * 3))
    assert (found["kappa"], found["low"], found["high"]) == (0, None, None)
    shown = filled("agree.md.j2", found=found)
    assert "0.000 (n = 6: too few for an interval); one rater has one label only" in shown


def test_files_that_share_no_case_are_said_to(tmp_path):
    people, judge = files(tmp_path)
    judge.write_text('{"id": "other", "label": 1}\n', "utf-8")
    assert "no case has both labels" in filled("agree.md.j2", found=agree(people, judge))
