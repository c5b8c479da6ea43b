import json

import pytest
from sklearn.metrics import cohen_kappa_score, confusion_matrix

from scaffold.evals import CasesError
from scaffold.evals.agree import agree

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
    stored = found.to_json()
    assert stored["kappa"] == pytest.approx(cohen_kappa_score(PEOPLE, JUDGE))
    assert (stored["low"], stored["high"]) == pytest.approx((0.250861109900066, 0.850262485605553))
    assert stored["matrix"] == confusion_matrix(PEOPLE, JUDGE).tolist()
    assert set(stored) == {"kappa", "low", "high", "n", "matrix", "labels"}
    assert len(found.disagreements) == 6
    assert "0.551 [0.251, 0.850] (n = 20)" in found.render()


def test_one_label_only_has_no_kappa_and_says_so(tmp_path):
    found = agree(*files(tmp_path, ["yes"] * 5, ["yes"] * 5))
    assert found.to_json()["kappa"] is None
    assert "needs two labels" in found.render()


def test_labels_without_a_partner_are_counted(tmp_path):
    found = agree(*files(tmp_path, PEOPLE, JUDGE[:18]))
    assert found.kappa.n == 18
    assert "2 labels left out" in found.render()


def test_a_file_without_the_columns_is_a_sentence(tmp_path):
    people, judge = files(tmp_path)
    people.write_text("id,verdict\n1,yes\n", "utf-8")
    with pytest.raises(CasesError, match="line 2: needs the columns id and label"):
        agree(people, judge)
