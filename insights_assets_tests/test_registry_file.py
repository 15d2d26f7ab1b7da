"""A static list of accounts: every shape becomes the same references, and a wrong row is a sentence that names it."""

import json

import pytest

from insights_assets.problems import InputError
from insights_assets.registry_file import Listed, read


def written(folder, name, text):
    path = folder / name
    path.write_text(text)
    return path


def test_csv_json_and_toml_say_the_same(tmp_path):
    csv = "account_id,business_id,token_env,name\n1,77,SHOP_TOKEN,Shop\nact_2,,,\n"
    toml = (
        '[[accounts]]\naccount_id = 1\nbusiness_id = 77\ntoken_env = "SHOP_TOKEN"\n[[accounts]]\naccount_id = "act_2"\n'
    )
    rows = [{"account_id": "act_1", "business_id": "77", "token_env": "SHOP_TOKEN"}, {"account_id": "2"}]
    expected = [
        Listed("act_1", "77", None, "SHOP_TOKEN", None, sandbox=False),
        Listed("act_2", None, None, None, None, sandbox=False),
    ]
    assert read(written(tmp_path, "a.csv", csv)) == expected
    assert read(written(tmp_path, "a.toml", toml)) == expected
    assert read(written(tmp_path, "a.json", json.dumps(rows))) == expected
    assert read(written(tmp_path, "b.json", json.dumps({"accounts": rows}))) == expected


def test_a_legacy_user_and_a_business_of_one_account_become_one(tmp_path):
    rows = [
        {"user_id": "u-5", "fb_ad_account_id": "1", "token_env": "USER_TOKEN"},
        {"account_id": "act_1", "business_id": "77"},
        {"user_id": "u-6", "ad_account_id": "2"},
    ]
    one, two = read(written(tmp_path, "a.json", json.dumps(rows)))
    assert (one.account_id, one.business_id, one.user_id, one.token_env, one.source) == (
        "act_1",
        "77",
        "u-5",
        "USER_TOKEN",
        "file",
    )
    assert (two.user_id, two.source) == ("u-6", "legacy")


def test_a_token_file_is_found_beside_the_list(tmp_path):
    (listed,) = read(written(tmp_path, "a.csv", "account_id,token_file,sandbox\n1,secrets/one,yes\n"))
    assert listed.token_path == str(tmp_path / "secrets" / "one")
    assert listed.source == "sandbox"


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        ("a.csv", "account_id\nshop\n", "'shop' is not an ad account id"),
        ("a.csv", "name\nshop\n", "row 1 of .*account_id is missing"),
        ("a.csv", "account_id,colour\n1,red\n", "colour is unknown; known are account_id"),
        ("a.csv", "account_id\n1\nact_1\n", "names act_1 twice"),
        ("a.csv", "account_id,token_env,token_file\n1,A,b\n", "not both"),
        ("a.json", "{", "cannot be read"),
        ("a.json", "3", "must be a list of accounts"),
        ("a.toml", "accounts = 1", "must be a list of accounts"),
    ],
)
def test_what_is_wrong_is_one_sentence(tmp_path, name, text, said):
    with pytest.raises(InputError, match=said):
        read(written(tmp_path, name, text))


def test_a_token_in_the_list_is_refused_and_not_repeated(tmp_path):
    with pytest.raises(InputError, match="write token_env or token_file") as caught:
        read(written(tmp_path, "a.csv", "account_id,access_token\n1,EAAB-secret\n"))
    assert "EAAB-secret" not in str(caught.value)
