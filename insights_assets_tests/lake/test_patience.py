"""Lost commits are tried a bounded number of times, with pauses between them and none after the last."""

import pytest
from deltalake.exceptions import CommitFailedError

from insights_assets.lake import deletion
from insights_assets.lake.patience import COMMIT_TRIES, tries
from insights_assets.lake.store import Lake, LakeError
from insights_assets.tables.results import RESULTS_DAILY
from insights_assets_tests.tables.rows import WEEK, frame_of, valid_row


def test_each_pause_is_below_a_limit_that_doubles_six_times():
    pauses = []
    assert list(tries(pauses.append)) == list(range(1, COMMIT_TRIES + 1))
    limits = [0.05 * 2 ** min(n, 6) for n in range(COMMIT_TRIES - 1)]
    assert len(pauses) == COMMIT_TRIES - 1
    assert all(0 <= pause <= limit for pause, limit in zip(pauses, limits, strict=True))


def test_what_goes_well_at_once_waits_for_nothing():
    assert next(tries(pytest.fail)) == 1


@pytest.mark.parametrize("error", [CommitFailedError("busy"), OSError("GET https://store/f?X-Amz-Signature=abc: gone")])
def test_a_deletion_gives_up_in_one_sentence_without_what_is_signed(tmp_path, monkeypatch, error):
    pauses = []
    lake = Lake(str(tmp_path), sleep=pauses.append)
    lake.replace(
        RESULTS_DAILY, frame_of(RESULTS_DAILY, valid_row(RESULTS_DAILY, account_id="act_1")), [("act_1", WEEK)]
    )
    monkeypatch.setattr("insights_assets.lake.store.Snapshot.delete", lambda *_: (_ for _ in ()).throw(error))
    with pytest.raises(LakeError) as told:
        deletion.delete_rows(lake, RESULTS_DAILY, "act_1", [WEEK], {})
    assert "Signature" not in str(told.value)
    assert str(told.value).endswith(".")
    assert len(pauses) == (COMMIT_TRIES - 1 if isinstance(error, CommitFailedError) else 0)
