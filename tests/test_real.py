"""Documents that people wrote or generated (not ours to ship) load and score, or say why not."""

import json

import pytest

import pfa
from conformance.values import Comparer, Tolerance
from tests.support import BACKENDS, SHARED

REAL = SHARED / "real"
EXPECTED = json.loads((REAL / "expected.json").read_text("utf-8")) if REAL.exists() else {}
DOCUMENTS = sorted(
    p for p in REAL.glob("*") if p.suffix in (".pfa", ".json", ".yml") and p.name != "expected.json"
)
# What is wrong with each that is broken, and where: pointer and a word of the message.
BROKEN = {
    "hbp_longitudinal_univariate_model.pfa": [("", ";")],
    "hbp_rapidminer_nb_nominal_vars.json": [
        ("/cells/model/init", "map(double)"),
        ("/action", 'unknown symbol "a"'),
    ],
    "hbp_validator_04_invalid_semantics.pfa": [("/action/cond/0/then/cond/0/if/==/0", "not_a_valid_input")],
    "hbp_woken_sgd_linear_model_experiment.pfa.json": [("/cells", 'unknown type "Record"')],
    "hbp_woken_sgd_neural_network_experiment.pfa.json": [("/cells", 'unknown type "Record"')],
    "hbp_wv_naive_bayes2.json": [("/cells", "null")],
    # A string for an int; the older engines took it.
    "hbp_r_linreg_feature_tissuevolume_pfa.yml": [("/cells/query/init/count", "int")],
}
# Valid but for field names that are no Avro names: they load where the host allows it.
LENIENT = ("hbp_r_tsne_brain_removed.json", "hbp_r_tsne_brain_removed.yml")
SOUND = [p for p in DOCUMENTS if p.name not in BROKEN]

pytestmark = pytest.mark.skipif(not REAL.exists(), reason="the shared documents are not here")


@pytest.mark.parametrize("path", SOUND, ids=lambda p: p.name)
def test_a_sound_document_has_no_problems(path):
    assert pfa.check(path.read_bytes(), limits=limits(path)) == []


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize("path", [p for p in SOUND if p.name in EXPECTED], ids=lambda p: p.name)
def test_a_sound_document_scores(path, backend):
    engine = pfa.load(path, backend=backend, limits=limits(path))
    same = Comparer(Tolerance(double=1e-9)).of(engine.output_type)
    outputs = [engine.action(datum) for datum in EXPECTED[path.name]["inputs"]]
    wanted = EXPECTED[path.name]["outputs"]
    assert len(outputs) == len(wanted)
    assert all(map(same, outputs, wanted)), (outputs, wanted)


@pytest.mark.parametrize("path", [p for p in DOCUMENTS if p.name in BROKEN], ids=lambda p: p.name)
def test_a_broken_document_says_why(path):
    with pytest.raises(pfa.PfaError) as caught:
        pfa.load(path)
    problems = caught.value.problems
    assert [str(p) for p in pfa.check(path.read_bytes())] != []
    for pointer, words in BROKEN[path.name]:
        assert any(p.at.pointer.startswith(pointer) and words in p.text for p in problems), problems
    assert all(p.at.line > 0 for p in problems), "every problem of a text has a line"


@pytest.mark.parametrize("name", LENIENT)
def test_field_names_that_are_no_avro_names_are_refused_unless_allowed(name):
    problems = pfa.check(REAL / name)
    assert {type(p).__name__ for p in problems} == {"BadName"}


def limits(path):
    return pfa.Limits(lenient_names=path.name in LENIENT)
